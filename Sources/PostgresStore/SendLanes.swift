import ChatCore
import IORuntime
import Postgres

/// How a message is stored: a lane for each bucket, in which at most one transaction is under way.
///
/// What arrives while a bucket's transaction runs waits in its lane and goes out together as the next one, so a lone
/// send waits for nothing and a crowd shares a commit. Several lanes share one too, since a commit costs the server
/// more than storing some messages: while a transaction is under way, what comes waits for its end, if that is soon.
/// What somebody else holds is passed over and tried again (``LockedLanes``): at most half of the connections carry
/// what waits for a lock. Buckets of which much is stored share among themselves (``HeavyBuckets``).
///
/// - Errors: a send is answered or refused (`.unavailable(.database)`) within its deadline. When a connection is lost
///   its batches are sent again under the same keys, so that nothing is stored twice.
/// - Limits: ``batchMax`` messages of a bucket and ``bucketsMax`` buckets in one transaction, ``waitingMax`` in all
///   lanes and ``waitingInLaneMax`` in one.
/// - Isolation: belongs to the pool's loop; the ``append(_:)`` that waits may be called from anywhere.
final class SendLanes: @unchecked Sendable {
  /// Beyond this a transaction gains nothing and the first of it waits for the last.
  static let batchMax = 256
  /// So many sends are worth a commit of their own, which costs the server what storing some forty of them does; and
  /// one loop hardly brings more during another transaction.
  static let worthACommit = 256
  /// How long, in milliseconds from its departure, a transaction is waited for that waits for no lock itself: some
  /// commits of a busy machine. What takes longer is in trouble, and holds nobody up.
  static let heldMax: Int64 = 25
  /// The same for one that may wait for a lock: one commit.
  static let heldAloneMax: Int64 = 5
  /// Sends in all lanes of a loop, those under way too: some seconds' worth; past it they are refused at once.
  static let waitingMax = 8_192
  /// Of these, sends that may wait in one lane: a tenth of a second of the fastest, and when its bucket is held, others
  /// have as many.
  static let waitingInLaneMax = waitingMax / 2
  /// From asking to being refused, below the promised 5 s.
  static let patience: Int64 = 4_400
  /// How often it is looked, in milliseconds, whose time has passed while he waited: as often as by the connections.
  static let sweptEvery: Int64 = 100
  /// A database that has been away for this long is taken to stay away.
  static let awayAfter: Int64 = 3_000
  /// Then a send waits no longer than this, so that the requests which one client may have under way are not all spent
  /// on waiting while its next ones wait unread; but this long, so that who repeats at once does not spin.
  static let patienceAway: Int64 = 500

  /// Buckets of one transaction on plain PostgreSQL: 1 on Citus, where each bucket more may be another machine.
  let bucketsMax: Int
  /// Whether they are stored as on Citus; nil: when the server is one.
  private let forcedStepwise: Bool?
  let pool: PostgresPool
  let failure: StoreFailure
  var lanes: [Bucket: SendLane] = [:]
  /// Those whose last transaction was refused as a whole: until one of theirs succeeds each has one for itself, so that
  /// others do not share its trouble.
  var troubled: Set<Bucket> = []
  let due = DueLanes()
  let dueHeavy = DueLanes()
  private var dueInTrouble: [Bucket] = []
  private var heavy = HeavyBuckets()
  private var isAwaitingEndOfTick = false
  var isSweeping = false
  private var isDeparting = false
  private(set) var underWayInTrouble = 0
  /// Those that somebody else holds, on plain PostgreSQL.
  var locked = LockedLanes()
  private var lockedTimer: (timer: LoopTimer, at: Int64)?
  /// Transactions under way that may wait for a lock, on plain PostgreSQL.
  private(set) var waitingForLocks = 0
  var unanswered = 0
  var counted = SendCounters()

  init(pool: PostgresPool, failure: StoreFailure, bucketsMax: Int, stepwise: Bool?) {
    self.pool = pool
    self.failure = failure
    self.bucketsMax = max(1, bucketsMax)
    forcedStepwise = stepwise
  }

  /// Before a server is known it is taken for a Citus, whose way does on all.
  private var isStepwise: Bool { forcedStepwise ?? pool.isCitus ?? true }

  /// What was counted so far; on the loop only.
  var counters: SendCounters {
    var now = counted
    now.unanswered = unanswered
    return now
  }

  /// Stores a message and waits for its place.
  func append(_ message: NewMessage) async throws(ChatError) -> Appended {
    let asked = EventLoop.monotonicMilliseconds()
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<Appended, ChatError>, Never>) in
      let begin: @Sendable () -> Void = { [self] in
        append(message, asked: asked) { continuation.resume(returning: $0) }
      }
      if pool.loop.inLoop { begin() } else { pool.loop.execute(begin) }
    }
    return try result.get()
  }

  /// Stores a message and calls back with its place; on the loop only.
  func append(
    _ message: NewMessage, asked: Int64 = EventLoop.monotonicMilliseconds(),
    _ completion: @escaping (Result<Appended, ChatError>) -> Void
  ) {
    // A text that cannot be stored must not fail the others of its batch.
    guard !Parameter.hasNUL(message.text), !(message.clientMessageID.map(Parameter.hasNUL) ?? false) else {
      return completion(.failure(failure(.textWithNUL(parameter: 0))))
    }
    let patience = pool.unreachableFor < Self.awayAfter ? Self.patience : Self.patienceAway
    take(Send(message, deadline: asked + patience, completion))
  }

  private func take(_ send: Send) {
    let bucket = send.message.conversation.bucket
    guard unanswered < Self.waitingMax, lanes[bucket]?.waiting.count ?? 0 < Self.waitingInLaneMax else {
      return send.complete(.failure(StoreFailure.away))
    }
    unanswered += 1
    lanes[bucket, default: SendLane()].waiting.append(send)
    becomeDue(bucket)
    sweepSoon()
  }

  // MARK: Departures

  func becomeDue(_ bucket: Bucket) {
    guard let lane = lanes[bucket], !lane.isUnderWay, !lane.isDue, !locked.contains(bucket) else { return }
    lanes[bucket]?.isDue = true
    let goesAlone = troubled.contains(bucket) || isStepwise && pool.holdsUp(bucket.number)
    if goesAlone { dueInTrouble.append(bucket) } else { due.waiting.append(bucket) }
    guard !isAwaitingEndOfTick else { return }
    isAwaitingEndOfTick = true
    pool.loop.atEndOfWork(self)
  }

  /// Two for each connection: while the server works on one it already has the next.
  private var underWayMax: Int { 2 * pool.connectionsMax }
  /// The others are left to those who wait for nothing.
  private var waitingForLocksMax: Int { max(1, pool.connectionsMax / 2) }

  /// Then whatever waits on the server has all others behind it: on the only connection, or on the one that is left
  /// beside a transaction's.
  private var haveFewConnections: Bool { pool.connectionsMax <= 2 }

  /// Sends what is due, unless it had better wait.
  func depart() {
    // A pool that refuses at once calls back from within: thousands of lanes would each be a few calls deeper.
    guard !isDeparting else { return }
    isDeparting = true
    defer { isDeparting = false }
    depart(due)
    depart(dueHeavy)
    // Apart, so that what hangs leaves the others theirs.
    while !dueInTrouble.isEmpty, underWayInTrouble < (isStepwise ? waitingForLocksMax : pool.connectionsMax) {
      send([dueInTrouble.removeFirst()], .inTrouble)
    }
    while waitingForLocks < waitingForLocksMax, let bucket = locked.takeTurn() { send([bucket], .forLock) }
    tryLockedLater()
  }

  private func depart(_ line: DueLanes) {
    while due.awaited.count + dueHeavy.awaited.count < underWayMax {
      if line === due { heavy.leave(due, for: dueHeavy, among: most) { lanes[$0]?.waiting.count ?? 0 } }
      guard !line.waiting.isEmpty else { return }
      let pause = pause(of: line)
      if pause > 0 { return hold(line, pause) }
      send(takeDue(&line.waiting), .isDue, from: line)
    }
  }

  private func tryLockedLater() {
    guard let next = locked.next, next < lockedTimer?.at ?? .max else { return }
    lockedTimer?.timer.cancel()
    let timer = pool.loop.schedule(after: max(1, next - EventLoop.monotonicMilliseconds())) { [self] in
      lockedTimer = nil
      for bucket in locked.takeDue(at: EventLoop.monotonicMilliseconds()) {
        lanes[bucket]?.isDue = true
        if troubled.contains(bucket) { dueInTrouble.append(bucket) } else { due.waiting.append(bucket) }
      }
      depart()
    }
    lockedTimer = (timer, next)
  }

  /// Buckets that one transaction may carry now.
  private var most: Int { isStepwise ? 1 : bucketsMax }

  /// How long a line waits for the end of a transaction of its own, to share the next one's commit.
  private func pause(of line: DueLanes) -> Int64 {
    let now = EventLoop.monotonicMilliseconds()
    if line.restsUntil > now { return line.restsUntil - now }
    guard let end = line.awaited.max(), line.waiting.count < most else { return 0 }
    var sends = 0
    for bucket in line.waiting { sends += lanes[bucket]?.waiting.count ?? 0 }
    return sends < Self.worthACommit ? max(0, end - now) : 0
  }

  private func hold(_ line: DueLanes, _ pause: Int64) {
    guard !line.isHolding else { return }
    line.isHolding = true
    pool.loop.schedule(after: pause) { [self] in
      line.isHolding = false
      depart()
    }
  }

  /// Those that are due longest, as many as make a transaction worth its commit.
  private func takeDue(_ due: inout [Bucket]) -> [Bucket] {
    var (taken, sends) = (0, 0)
    while taken < min(most, due.count), sends < Self.worthACommit {
      sends += lanes[due[taken]]?.waiting.count ?? 0
      taken += 1
    }
    // Whoever locks several buckets locks them in ascending order.
    let buckets = due.prefix(taken).sorted()
    due.removeFirst(taken)
    return buckets
  }

  /// - Parameter line: the line they stood in, if they are due.
  private func send(_ buckets: [Bucket], _ reason: Departure.Reason, from line: DueLanes? = nil) {
    var batches: [SendBatch] = []
    var deadline = Int64.max
    let begun = EventLoop.monotonicMilliseconds()
    for bucket in buckets {
      let isLocked = locked.contains(bucket)
      if isLocked { refuseLate(in: bucket, at: begun + LockedLanes.timeLeast(waiting: reason == .forLock)) }
      let most = isLocked && reason == .isDue ? LockedLanes.triedMax : Self.batchMax
      let sends = lanes[bucket]?.takeBatch(atMost: most) ?? []
      lanes[bucket]?.isDue = false
      lanes[bucket]?.isUnderWay = true
      guard !sends.isEmpty else {
        lanes[bucket] = nil
        locked.forget(bucket)
        continue
      }
      batches.append(SendBatch(bucket: bucket, sends: sends))
      heavy.departed(bucket, sends: sends.count, at: begun)
      for send in sends { deadline = min(deadline, send.deadline) }
    }
    guard !batches.isEmpty else { return }
    let departure = departure(batches, reason, from: line, at: begun, left: deadline - begun)
    began(departure)
    pool.submit(
      departure.statements, timeout: max(1, deadline - begun), waits: departure.lockWait,
      keepsApart: !departure.isStepwise
    ) { result in
      let now = EventLoop.monotonicMilliseconds()
      self.counted.commits.record(now - begun)
      self.ended(departure, at: now)
      self.answered(departure, result)
    }
  }

  private func departure(
    _ batches: [SendBatch], _ reason: Departure.Reason, from line: DueLanes?, at begun: Int64, left: Int64
  ) -> Departure {
    let isStepwise = isStepwise
    // A lone one saves itself the question whether somebody holds its bucket, where nothing else waits.
    let isCalm =
      reason == .isDue && batches.count == 1 && waitingForLocks == 0 && dueInTrouble.isEmpty && !haveFewConnections
    let waits = isStepwise || reason == .forLock || isCalm && batches.allSatisfy { !locked.contains($0.bucket) }
    let turn = LockedLanes.turn(
      isShared: locked.haveMore || haveFewConnections, left: left, serverMost: pool.lockTimeout)
    return Departure(
      batches: batches, reason: reason, isStepwise: isStepwise, waits: waits,
      turn: reason == .forLock ? turn : nil, line: line, begun: begun,
      awaited: begun + (waits ? Self.heldAloneMax : Self.heldMax))
  }

  private func began(_ departure: Departure) {
    counted.transactions += 1
    counted.batches += departure.batches.count
    if departure.waits, !departure.isStepwise { waitingForLocks += 1 }
    departure.line?.awaited.append(departure.awaited)
    departure.line?.departedAt = departure.begun
    if departure.reason == .inTrouble { underWayInTrouble += 1 }
  }

  private func ended(_ departure: Departure, at now: Int64) {
    if departure.waits, !departure.isStepwise { waitingForLocks -= 1 }
    departure.line?.over(awaitedUntil: departure.awaited)
    if departure.line === dueHeavy {
      dueHeavy.rest(after: now - departure.begun, at: now, others: due) { pool.loop.waitsForCores }
    }
    if departure.reason == .inTrouble { underWayInTrouble -= 1 }
  }
}

extension SendLanes: EndOfTick {
  /// All sends that one tick has read go together.
  func endOfTick() {
    isAwaitingEndOfTick = false
    depart()
  }
}
