import ChatCore
import IORuntime
import Postgres

/// How a message is stored: a lane for each bucket, in which at most one transaction is under way.
///
/// What arrives while a bucket's transaction runs waits in its lane and goes out together as the next one, so a lone
/// send waits for nothing and a crowd shares a commit. There is no timer. Lanes run side by side on the pool's
/// connections; when more of them are ready than transactions may be under way, one transaction carries several, in
/// bucket order.
///
/// - Errors: a send is answered or refused (`.unavailable(.database)`) within its deadline. When a connection is lost
///   its batches are sent again under the same keys, so that nothing is stored twice.
/// - Limits: ``batchMax`` messages of a bucket and ``bucketsMax`` buckets in one transaction, ``waitingMax`` in all
///   lanes.
/// - Isolation: belongs to the pool's loop; the ``append(_:)`` that waits may be called from anywhere.
final class SendLanes: @unchecked Sendable {
  /// Beyond this a transaction gains nothing and the first of it waits for the last.
  static let batchMax = 128
  /// Sends in all lanes of a loop, those under way too: some seconds' worth; past it they are refused at once.
  static let waitingMax = 8_192
  /// From asking to being refused, below the promised 5 s.
  static let patience: Int64 = 4_400
  /// A database that has been away for this long is taken to stay away.
  static let awayAfter: Int64 = 3_000
  /// Then a send waits no longer than this, so that the requests which one client may have under way are not all spent
  /// on waiting while its next ones wait unread; but this long, so that who repeats at once does not spin.
  static let patienceAway: Int64 = 500

  private struct Lane {
    var waiting: [Send] = []
    var isUnderWay = false
    var isDue = false
  }

  /// Buckets of one transaction on plain PostgreSQL: 1 on Citus, where each bucket more may be another machine.
  let bucketsMax: Int
  /// Whether they are stored as on Citus; nil: when the server is one.
  private let forcedStepwise: Bool?
  private let pool: PostgresPool
  private let failure: StoreFailure
  private var lanes: [Bucket: Lane] = [:]
  /// Those whose last transaction was refused as a whole: until one of theirs succeeds each has one for itself, and if
  /// possible a connection, so that others do not share its trouble.
  private var troubled: Set<Bucket> = []
  /// Lanes that may depart, the longest waiting first; those in trouble apart.
  private var due: [Bucket] = []
  private var dueInTrouble: [Bucket] = []
  private var isAwaitingEndOfTick = false
  private var underWay = 0
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
    lanes[bucket, default: Lane()].waiting.append(send)
    becomeDue(bucket)
  }

  // MARK: Departures

  private func becomeDue(_ bucket: Bucket) {
    guard let lane = lanes[bucket], !lane.isUnderWay, !lane.isDue else { return }
    lanes[bucket]?.isDue = true
    if troubled.contains(bucket) { dueInTrouble.append(bucket) } else { due.append(bucket) }
    guard !isAwaitingEndOfTick else { return }
    isAwaitingEndOfTick = true
    pool.loop.atEndOfTick(self)
  }

  /// Two for each connection: while the server works on one it already has the next.
  private var underWayMax: Int { 2 * pool.connectionsMax }

  /// Sends what is due, spread over the transactions that may still begin.
  private func depart() {
    while !due.isEmpty, underWay < underWayMax {
      let share = (due.count + underWayMax - underWay - 1) / (underWayMax - underWay)
      send(takeDue(isStepwise ? 1 : min(bucketsMax, share)))
    }
    // Apart, so that what hangs leaves the others theirs.
    while !dueInTrouble.isEmpty, underWayInTrouble < pool.connectionsMax {
      send([dueInTrouble.removeFirst()], inTrouble: true)
    }
  }

  private func takeDue(_ most: Int) -> [Bucket] {
    // Whoever locks several buckets locks them in ascending order.
    let taken = due.prefix(most).sorted()
    due.removeFirst(taken.count)
    return taken
  }

  private func send(_ buckets: [Bucket], inTrouble: Bool = false) {
    var batches: [SendBatch] = []
    var deadline = Int64.max
    for bucket in buckets {
      guard var lane = lanes[bucket] else { continue }
      let batch = SendBatch(bucket: bucket, sends: Self.takeBatch(from: &lane.waiting))
      lane.isUnderWay = true
      lane.isDue = false
      lanes[bucket] = lane
      batches.append(batch)
      for send in batch.sends { deadline = min(deadline, send.deadline) }
    }
    guard !batches.isEmpty else { return }
    if inTrouble { underWayInTrouble += 1 } else { underWay += 1 }
    counted.transactions += 1
    counted.batches += batches.count
    let begun = EventLoop.monotonicMilliseconds()
    let statement = isStepwise ? SendBatch.stepwise : SendBatch.plain
    let statements = batches.map { (statement: statement, parameters: $0.parameters) }
    pool.submit(statements, timeout: max(1, deadline - begun), waits: inTrouble ? .likely : .maybe) { result in
      if inTrouble { self.underWayInTrouble -= 1 } else { self.underWay -= 1 }
      self.counted.commits.record(EventLoop.monotonicMilliseconds() - begun)
      self.answered(batches, result)
    }
  }

  /// The oldest that wait; of two that are the same send the second waits for the next batch, and finds the first
  /// stored.
  private static func takeBatch(from waiting: inout [Send]) -> [Send] {
    var batch: [Send] = []
    var left: [Send] = []
    var identities: Set<Send.Identity> = []
    for (index, send) in waiting.enumerated() {
      if batch.count == batchMax {
        left += waiting[index...]
        break
      }
      let isFirst = send.message.clientMessageID == nil || identities.insert(send.identity).inserted
      if isFirst { batch.append(send) } else { left.append(send) }
    }
    waiting = left
    return batch
  }

  // MARK: Answers

  private func answered(_ batches: [SendBatch], _ result: Result<[Rows], PostgresError>) {
    for (index, batch) in batches.enumerated() {
      lanes[batch.bucket]?.isUnderWay = false
      switch result {
      case .success(let rows) where rows.indices.contains(index):
        troubled.remove(batch.bucket)
        complete(batch, rows[index])
      case .success: failed(batch, .unexpectedReply("no answer to a batch"), isAlone: true)
      case .failure(let error): failed(batch, error, isAlone: batches.count == 1)
      }
      if lanes[batch.bucket]?.waiting.isEmpty ?? true { lanes[batch.bucket] = nil } else { becomeDue(batch.bucket) }
    }
    depart()
  }

  private func complete(_ batch: SendBatch, _ rows: Rows) {
    guard rows.count == batch.sends.count else {
      let mismatch = PostgresError.unexpectedReply("\(rows.count) answers to \(batch.sends.count) sends")
      return failed(batch, mismatch, isAlone: true)
    }
    for (send, row) in zip(batch.sends, rows) {
      do {
        complete(send, try SendBatch.outcome(of: send, row))
      } catch {
        complete(send, .failure(failure(error)))
      }
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
    let passes = Self.passes(error, isAlone: isAlone)
    var again: [Send] = []
    for send in batch.sends {
      if error.isInDoubt { send.isInDoubt = true }
      if passes, send.deadline > now { again.append(send) } else { complete(send, .failure(failure(error))) }
    }
    guard !again.isEmpty else { return }
    counted.retried += again.count
    lanes[batch.bucket, default: Lane()].waiting.insert(contentsOf: again, at: 0)
  }

  /// Whether another try may go better: the connection was lost, one of the batch had run out of time before others, or
  /// the server's refusal may be meant for another batch of the same transaction.
  private static func passes(_ error: PostgresError, isAlone: Bool) -> Bool {
    switch error {
    case .lost, .timeout: true
    case .server: !isAlone
    default: false
    }
  }
}

extension SendLanes: EndOfTick {
  /// All sends that one tick has read go together.
  func endOfTick() {
    isAwaitingEndOfTick = false
    depart()
  }
}

/// What the lanes of a loop have counted; for metrics.
public struct SendCounters: Sendable, Hashable {
  /// Transactions sent.
  public var transactions = 0
  /// How long transactions took, those that failed too.
  public var commits = Durations()
  /// Batches sent, each of one bucket.
  public var batches = 0
  /// Messages stored.
  public var stored = 0
  /// Sends that had been stored before.
  public var repeated = 0
  /// Sends refused, by the rules or because the database was away.
  public var refused = 0
  /// Sends tried again after a lost connection.
  public var retried = 0
  /// Sends that wait or are under way now.
  public var unanswered = 0

  /// All zero.
  public init() {}
}
