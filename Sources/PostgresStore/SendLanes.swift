import ChatCore
import IORuntime
import Postgres

/// How a message is stored: a lane for each bucket, in which at most one transaction is under way.
///
/// What arrives while a bucket's transaction runs waits in its lane and goes out together as the next one, so a lone send
/// waits for nothing and a crowd shares a commit. There is no timer. Lanes of different buckets run side by side on the
/// pool's connections.
///
/// - Errors: a send is answered or refused (`.unavailable(.database)`) within its deadline. When a connection is lost its
///   batch is sent again under the same keys, so that nothing is stored twice.
/// - Limits: ``batchMax`` messages of one transaction, ``waitingMax`` in all lanes.
/// - Isolation: belongs to the pool's loop; ``append(_:)`` may be called from anywhere.
final class SendLanes: @unchecked Sendable {
  /// Beyond this a transaction gains nothing and the first of it waits for the last.
  static let batchMax = 128
  /// Sends in all lanes of a loop, those under way too: some seconds' worth; past it they are refused at once.
  static let waitingMax = 8_192
  /// From asking to being refused, below the promised 5 s.
  static let patience: Int64 = 4_600

  private struct Lane {
    var waiting: [Send] = []
    var isUnderWay = false
  }

  private let pool: PostgresPool
  private let failure: StoreFailure
  private var lanes: [Bucket: Lane] = [:]
  private var due: Set<Bucket> = []
  private var unanswered = 0
  private var counted = SendCounters()

  init(pool: PostgresPool, failure: StoreFailure) {
    self.pool = pool
    self.failure = failure
  }

  /// What was counted so far; on the loop only.
  var counters: SendCounters {
    var now = counted
    now.unanswered = unanswered
    return now
  }

  /// Stores a message and waits for its place.
  func append(_ message: NewMessage) async throws(ChatError) -> Appended {
    // A text that cannot be stored must not fail the others of its batch.
    guard !message.text.utf8.contains(0), !(message.clientMessageID?.utf8.contains(0) ?? false) else {
      throw failure(.textWithNUL(parameter: 0))
    }
    let deadline = EventLoop.monotonicMilliseconds() + Self.patience
    let result = await withUnsafeContinuation { (continuation: UnsafeContinuation<Result<Appended, ChatError>, Never>) in
      let send = Send(message, deadline: deadline) { continuation.resume(returning: $0) }
      if pool.loop.inLoop { take(send) } else { pool.loop.execute { self.take(send) } }
    }
    return try result.get()
  }

  private func take(_ send: Send) {
    guard unanswered < Self.waitingMax else { return send.complete(.failure(StoreFailure.away)) }
    unanswered += 1
    let bucket = send.message.conversation.bucket
    lanes[bucket, default: Lane()].waiting.append(send)
    depart(bucket)
  }

  /// At the end of the tick, so that all sends that one tick has read go together.
  private func depart(_ bucket: Bucket) {
    guard lanes[bucket]?.isUnderWay == false else { return }
    if due.isEmpty { pool.loop.atEndOfTick(self) }
    due.insert(bucket)
  }

  private func sendNext(_ bucket: Bucket) {
    guard var lane = lanes[bucket], !lane.isUnderWay else { return }
    let batch = Self.takeBatch(from: &lane.waiting)
    lane.isUnderWay = !batch.isEmpty
    lanes[bucket] = lane.waiting.isEmpty && batch.isEmpty ? nil : lane
    guard let first = batch.first else { return }
    counted.batches += 1
    let patience = batch.reduce(first.deadline) { min($0, $1.deadline) } - EventLoop.monotonicMilliseconds()
    let whole = SendBatch(bucket: bucket, sends: batch)
    pool.submit(SendBatch.statement, whole.parameters, timeout: max(1, patience)) { result in
      self.answered(whole, result)
    }
  }

  /// The oldest that wait; of two that are the same send the second waits for the next batch, and finds the first stored.
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

  private func answered(_ batch: SendBatch, _ result: Result<Rows, PostgresError>) {
    lanes[batch.bucket]?.isUnderWay = false
    switch result {
    case .success(let rows): complete(batch, rows)
    case .failure(let error): failed(batch, error)
    }
    if lanes[batch.bucket]?.waiting.isEmpty ?? true { lanes[batch.bucket] = nil } else { depart(batch.bucket) }
  }

  private func complete(_ batch: SendBatch, _ rows: Rows) {
    guard rows.count == batch.sends.count else {
      return failed(batch, .unexpectedReply("\(rows.count) answers to \(batch.sends.count) sends"))
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
  private func failed(_ batch: SendBatch, _ error: PostgresError) {
    let now = EventLoop.monotonicMilliseconds()
    var again: [Send] = []
    for send in batch.sends {
      if error.isInDoubt { send.isInDoubt = true }
      if Self.passes(error), send.deadline > now { again.append(send) } else { complete(send, .failure(failure(error))) }
    }
    guard !again.isEmpty else { return }
    counted.retried += again.count
    lanes[batch.bucket, default: Lane()].waiting.insert(contentsOf: again, at: 0)
  }

  /// Whether another try may go better: the connection was lost, or one of the batch had run out of time before others.
  private static func passes(_ error: PostgresError) -> Bool {
    switch error {
    case .lost, .timeout: true
    default: false
    }
  }
}

extension SendLanes: EndOfTick {
  func endOfTick() {
    let departing = due
    due = []
    for bucket in departing { sendNext(bucket) }
  }
}

/// What the lanes of a loop have counted; for metrics.
public struct SendCounters: Sendable, Hashable {
  /// Transactions sent.
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
