import ChatCore
import IORuntime
import Postgres

/// How a message is stored: a lane for each bucket, in which at most one transaction is under way.
///
/// What arrives while a bucket's transaction runs waits in its lane and goes out together as the next one, so a lone
/// send waits for nothing and a crowd shares a commit. Several lanes share one too, since a commit costs the server
/// more than storing some messages: while a transaction is under way, what comes waits for its end, if that is soon. A
/// transaction of several buckets waits for none that somebody else holds: that one's batch goes again, alone. Buckets
/// of which much is stored share among themselves (``HeavyBuckets``).
///
/// - Errors: a send is answered or refused (`.unavailable(.database)`) within its deadline. When a connection is lost
///   its batches are sent again under the same keys, so that nothing is stored twice.
/// - Limits: ``batchMax`` messages of a bucket and ``bucketsMax`` buckets in one transaction, ``waitingMax`` in all
///   lanes.
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
  private let pool: PostgresPool
  private let failure: StoreFailure
  private var lanes: [Bucket: SendLane] = [:]
  /// Those whose last transaction was refused as a whole: until one of theirs succeeds each has one for itself, and if
  /// possible a connection, so that others do not share its trouble.
  private var troubled: Set<Bucket> = []
  private let due = DueLanes()
  private let dueHeavy = DueLanes()
  private var dueInTrouble: [Bucket] = []
  private var heavy = HeavyBuckets()
  private var isAwaitingEndOfTick = false
  private var isSweeping = false
  private var underWayInTrouble = 0
  private var unanswered = 0
  private var counted = SendCounters()

  init(pool: PostgresPool, failure: StoreFailure, bucketsMax: Int, stepwise: Bool?) {
    self.pool = pool
    self.failure = failure
    self.bucketsMax = max(1, bucketsMax)
    forcedStepwise = stepwise
  }

  private var isStepwise: Bool { forcedStepwise ?? pool.isCitus }

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
    guard unanswered < Self.waitingMax else { return send.complete(.failure(StoreFailure.away)) }
    unanswered += 1
    let bucket = send.message.conversation.bucket
    lanes[bucket, default: SendLane()].waiting.append(send)
    becomeDue(bucket)
    sweepSoon()
  }

  /// Refuses those in time whose turn does not come: behind what hangs, or behind many that are in trouble.
  private func sweepSoon() {
    guard !isSweeping, unanswered > 0 else { return }
    isSweeping = true
    pool.loop.schedule(after: Self.sweptEvery) { [self] in
      isSweeping = false
      let now = EventLoop.monotonicMilliseconds()
      let late = lanes.keys.flatMap { lanes[$0]?.takeLate(now) ?? [] }
      for send in late { complete(send, .failure(StoreFailure.away)) }
      sweepSoon()
    }
  }

  // MARK: Departures

  private func becomeDue(_ bucket: Bucket) {
    guard let lane = lanes[bucket], !lane.isUnderWay, !lane.isDue else { return }
    lanes[bucket]?.isDue = true
    let goesAlone = troubled.contains(bucket) || pool.holdsUp(bucket.number)
    if goesAlone { dueInTrouble.append(bucket) } else { due.waiting.append(bucket) }
    guard !isAwaitingEndOfTick else { return }
    isAwaitingEndOfTick = true
    pool.loop.atEndOfTick(self)
  }

  /// Two for each connection: while the server works on one it already has the next.
  private var underWayMax: Int { 2 * pool.connectionsMax }

  /// Sends what is due, unless it had better wait.
  private func depart() {
    heavy.leave(due, for: dueHeavy, among: most) { lanes[$0]?.waiting.count ?? 0 }
    depart(due)
    depart(dueHeavy)
    // Apart, so that what hangs leaves the others theirs.
    while !dueInTrouble.isEmpty, underWayInTrouble < pool.connectionsMax {
      send([dueInTrouble.removeFirst()], from: nil)
    }
  }

  private func depart(_ line: DueLanes) {
    while !line.waiting.isEmpty, due.awaited.count + dueHeavy.awaited.count < underWayMax {
      let pause = pause(of: line)
      if pause > 0 { return hold(line, pause) }
      send(takeDue(&line.waiting), from: line)
    }
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

  /// - Parameter line: the line they stood in; nil if they are in trouble.
  private func send(_ buckets: [Bucket], from line: DueLanes?) {
    var batches: [SendBatch] = []
    var deadline = Int64.max
    let begun = EventLoop.monotonicMilliseconds()
    for bucket in buckets {
      guard var lane = lanes[bucket] else { continue }
      let batch = SendBatch(bucket: bucket, sends: lane.takeBatch(atMost: Self.batchMax))
      lane.isUnderWay = !batch.sends.isEmpty
      lane.isDue = false
      lanes[bucket] = lane.isUnderWay ? lane : nil
      guard lane.isUnderWay else { continue }
      batches.append(batch)
      heavy.departed(bucket, sends: batch.sends.count, at: begun)
      for send in batch.sends { deadline = min(deadline, send.deadline) }
    }
    guard !batches.isEmpty else { return }
    let (isStepwise, isAlone) = (isStepwise, batches.count == 1)
    let end = begun + (isAlone ? Self.heldAloneMax : Self.heldMax)
    if line == nil { underWayInTrouble += 1 }
    line?.awaited.append(end)
    line?.departedAt = begun
    counted.transactions += 1
    counted.batches += batches.count
    let statements = batches.map { $0.statement(isStepwise: isStepwise, waits: isAlone) }
    pool.submit(statements, timeout: max(1, deadline - begun), waits: line == nil ? .likely : .maybe) { result in
      let now = EventLoop.monotonicMilliseconds()
      if line == nil { self.underWayInTrouble -= 1 }
      line?.over(awaitedUntil: end)
      if line === self.dueHeavy {
        self.dueHeavy.rest(after: now - begun, at: now, others: self.due) { self.pool.loop.waitsForCores }
      }
      self.counted.commits.record(now - begun)
      self.answered(batches, result)
    }
  }

  // MARK: Answers

  private func answered(_ batches: [SendBatch], _ result: Result<[Rows], PostgresError>) {
    let isAlone = batches.count == 1
    for (index, batch) in batches.enumerated() {
      lanes[batch.bucket]?.isUnderWay = false
      switch result {
      case .success(let answers) where answers.indices.contains(index):
        if answers[index].isEmpty, !isAlone { lockedOut(batch) } else { stored(batch, answers[index]) }
      case .success: failed(batch, .unexpectedReply("no answer to a batch"), isAlone: true)
      case .failure(let error): failed(batch, error, isAlone: isAlone)
      }
      if lanes[batch.bucket]?.waiting.isEmpty ?? true { lanes[batch.bucket] = nil } else { becomeDue(batch.bucket) }
    }
    depart()
  }

  /// Somebody else holds the bucket; whoever waits for him does so alone.
  private func lockedOut(_ batch: SendBatch) {
    counted.lockedOut += 1
    troubled.insert(batch.bucket)
    lanes[batch.bucket, default: SendLane()].waiting.insert(contentsOf: batch.sends, at: 0)
  }

  private func stored(_ batch: SendBatch, _ rows: Rows) {
    do throws(PostgresError) {
      let outcomes = try batch.outcomes(rows) { failure($0) }
      troubled.remove(batch.bucket)
      for (send, outcome) in zip(batch.sends, outcomes) { complete(send, outcome) }
    } catch {
      failed(batch, error, isAlone: true)
    }
  }

  private func complete(_ send: Send, _ outcome: Result<Appended, ChatError>) {
    unanswered -= 1
    if case .success(let appended) = outcome {
      if appended.repeated { counted.repeated += 1 } else { counted.stored += 1 }
    } else {
      counted.refused += 1
    }
    send.complete(outcome)
  }

  /// Whoever still has time is tried again, before those that came later; with the same key, so that it is stored once.
  private func failed(_ batch: SendBatch, _ error: PostgresError, isAlone: Bool) {
    troubled.insert(batch.bucket)
    let now = EventLoop.monotonicMilliseconds()
    let passes = error.mayPass(isAlone: isAlone)
    var again: [Send] = []
    for send in batch.sends {
      if error.isInDoubt { send.isInDoubt = true }
      if passes, send.deadline > now { again.append(send) } else { complete(send, .failure(failure(error))) }
    }
    guard !again.isEmpty else { return }
    counted.retried += again.count
    lanes[batch.bucket, default: SendLane()].waiting.insert(contentsOf: again, at: 0)
  }
}

extension SendLanes: EndOfTick {
  /// All sends that one tick has read go together.
  func endOfTick() {
    isAwaitingEndOfTick = false
    depart()
  }
}
