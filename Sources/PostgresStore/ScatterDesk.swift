import IORuntime
import Postgres

/// Where statements over several shards are asked: on few connections of their own, so that no statement of one shard
/// ever waits behind them, and each answer is shared by all whom it may answer.
///
/// A question for keys joins the one of the same statement that waits: a crowd that comes back at once asks for the
/// heads of all its conversations in few statements. Other questions are shared when they are the same. What may be
/// shared stands in the statement's row (``Scatter``). When a node of a Citus is away that one of them needs, each half
/// of those who share is asked for again, so that in the end only they are refused.
///
/// - Limits: one connection is left to urgent statements; ``waitingMax`` wait, past it `.queueFull` at once; each
///   within its row's deadline.
/// - Isolation: belongs to its pool's loop; the `async` functions may be called from anywhere.
final class ScatterDesk: @unchecked Sendable {
  /// Who may wait, on one loop: at a millisecond or two a statement, and many of them sharing one, all are answered in
  /// time; more would only be answered late.
  static let waitingMax = 1_024
  /// Answers that are kept: a hundred profiles each, some megabytes in all.
  static let keptMax = 64

  private let pool: PostgresPool
  /// Nodes of a Citus that are away, for those who go on without them.
  let absent = AbsentNodes()
  private let ordinaryMax: Int
  private var urgent: [ScatterQuestion] = []
  private var ordinary: [ScatterQuestion] = []
  /// Those that others may join, by what they ask.
  private var open: [ScatterQuestion.Key: ScatterQuestion] = [:]
  private var kept: [ScatterQuestion.Key: (answer: [Rows], until: Int64)] = [:]
  /// How often something changed that answers tell which may be kept.
  private var changes = 0
  private var underWay = 0
  private var waiters = 0
  private var pumpIsDue = false
  private var sweepTimer: LoopTimer?
  private var counted = ScatterCounters()

  init(pool: PostgresPool) {
    self.pool = pool
    ordinaryMax = max(1, pool.connectionsMax - 1)
  }

  /// What was counted so far, and how it stands; on the loop only.
  var counters: ScatterCounters {
    var now = counted
    now.waiting = waiters
    return now
  }

  /// The answer to one statement.
  func rows(_ statement: Statement, _ parameters: [Parameter]) async throws(PostgresError) -> Rows {
    guard let rows = try await rows(statement, each: [parameters]).first else {
      throw .unexpectedReply("no answer to \(statement.name)")
    }
    return rows
  }

  /// The answers to one statement for each list of parameters, in that order and in one round trip.
  func rows(_ statement: Statement, each parameters: [[Parameter]]) async throws(PostgresError) -> [Rows] {
    guard !parameters.isEmpty else { return [] }
    return try await ask(.init(name: statement.name, parameters: parameters), statement, keys: [])
  }

  /// The answers to a statement of one shard for each list of parameters, in that order.
  ///
  /// A plain server gives them in one round trip of the pool. A Citus goes to a node for each, one after the other, and
  /// what came behind them on that connection would wait for all, or for the one that is silent: there they go by the
  /// connections from here.
  func each(
    _ statement: Statement, _ parameters: [[Parameter]], onPlain pool: PostgresPool
  ) async throws(PostgresError) -> [Rows] {
    guard parameters.count > 1, await isOnCitus() else { return try await pool.queries(statement, each: parameters) }
    var answers: [Rows] = []
    for part in parameters.parts(of: Scatter.ofOneShardEach.most) {
      answers += try await rows(statement, each: Array(part))
    }
    return answers
  }

  /// The row of each id that has one; the statement takes `(bucket smallint[], id bigint[])`, then the rest, and each
  /// of its rows begins with the id.
  func rows(
    _ statement: Statement, of ids: [ScatterID], _ rest: [Parameter] = []
  ) async throws(PostgresError) -> [Int64: Row] {
    var found: [Int64: Row] = [:]
    found.reserveCapacity(ids.count)
    for part in ids.parts(of: statement.scatter?.most ?? 1) {
      let answer = try await ask(.init(name: statement.name, parameters: [rest]), statement, keys: Array(part))
      let asked = Set(part.map(\.id))
      guard let rows = answer.first else { throw .unexpectedReply("no answer to \(statement.name)") }
      for row in rows {
        let id = try row.int8(0)
        if asked.contains(id) { found[id] = row }
      }
    }
    return found
  }

  /// What may be kept is asked anew, also what is under way: something has changed.
  func forget() {
    onLoop {
      self.kept = [:]
      self.changes &+= 1
      self.open = self.open.filter { $0.value.limits.sharing == .waiting }
    }
  }

  /// Whether the server that was connected to last is a Citus, or none was yet: what is asked of one does on all.
  func isOnCitus() async -> Bool {
    await withUnsafeContinuation { continuation in onLoop { continuation.resume(returning: self.isCitus) } }
  }

  private var isCitus: Bool { pool.isCitus ?? true }

  private func onLoop(_ body: @escaping @Sendable () -> Void) {
    if pool.loop.inLoop { body() } else { pool.loop.execute(body) }
  }

  // MARK: Taking

  private func ask(
    _ key: ScatterQuestion.Key, _ statement: Statement, keys: [ScatterID]
  ) async throws(PostgresError) -> [Rows] {
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<[Rows], PostgresError>, Never>) in
      onLoop { self.take(key, statement, keys) { continuation.resume(returning: $0) } }
    }
    return try result.get()
  }

  private func take(
    _ key: ScatterQuestion.Key, _ statement: Statement, _ keys: [ScatterID],
    _ done: @escaping (Result<[Rows], PostgresError>) -> Void
  ) {
    counted.asked += 1
    let now = EventLoop.monotonicMilliseconds()
    if let answer = kept[key], answer.until > now {
      counted.kept += 1
      return done(.success(answer.answer))
    }
    guard waiters < Self.waitingMax else {
      counted.refused += 1
      return done(.failure(.queueFull))
    }
    waiters += 1
    let waiter = ScatterQuestion.Waiter(keys: keys, done: done)
    if let question = open[key], question.joins(waiter, at: now) {
      counted.shared += 1
      return
    }
    let question = ScatterQuestion(key, statement, [waiter], at: now, within: pool.deadlineMax, after: changes)
    open[key] = question
    queue(question)
  }

  private func queue(_ question: ScatterQuestion) {
    if question.limits.isUrgent { urgent.append(question) } else { ordinary.append(question) }
    pumpSoon()
  }

  /// At the end of the turn, so that all who ask in one turn share.
  private func pumpSoon() {
    guard !pumpIsDue else { return }
    pumpIsDue = true
    pool.loop.schedule(after: 0) { [weak self] in
      self?.pumpIsDue = false
      self?.pump()
    }
  }

  // MARK: Sending

  private func pump() {
    while underWay <= ordinaryMax, let question = next() { send(question) }
    scheduleSweep()
  }

  private func next() -> ScatterQuestion? {
    if !urgent.isEmpty { return urgent.removeFirst() }
    return underWay < ordinaryMax && !ordinary.isEmpty ? ordinary.removeFirst() : nil
  }

  private func send(_ question: ScatterQuestion) {
    if question.limits.sharing == .waiting, open[question.key] === question { open[question.key] = nil }
    underWay += 1
    counted.sent += 1
    let left = max(1, question.deadline - EventLoop.monotonicMilliseconds())
    pool.submit(question.statements(onCitus: isCitus), timeout: left) { [self] result in
      underWay -= 1
      answer(question, result)
      pumpSoon()
    }
  }

  private func answer(_ question: ScatterQuestion, _ result: Result<[Rows], PostgresError>) {
    if open[question.key] === question { open[question.key] = nil }
    if case .failure(.server(let refusal)) = result, refusal.isOfAnotherNode {
      let halves = question.halves
      guard halves.isEmpty else { return halves.forEach(queue) }
    }
    waiters -= question.waiters.count
    if case .success(let answer) = result { keep(answer, of: question) }
    for waiter in question.waiters { waiter.done(result) }
  }

  private func keep(_ answer: [Rows], of question: ScatterQuestion) {
    let now = EventLoop.monotonicMilliseconds()
    guard question.freshUntil > now, question.changes == changes else { return }
    if kept.count >= Self.keptMax { kept = kept.filter { $0.value.until > now } }
    // A crowd of different questions: none is worth more than another.
    if kept.count >= Self.keptMax { kept = [:] }
    kept[question.key] = (answer, question.freshUntil)
  }

  // MARK: Waiting

  private func scheduleSweep() {
    guard sweepTimer == nil, !(urgent.isEmpty && ordinary.isEmpty) else { return }
    sweepTimer = pool.loop.schedule(after: 100) { [weak self] in
      self?.sweepTimer = nil
      self?.sweep()
    }
  }

  private func sweep() {
    let now = EventLoop.monotonicMilliseconds()
    let late = (urgent + ordinary).filter { $0.deadline <= now }
    urgent.removeAll { $0.deadline <= now }
    ordinary.removeAll { $0.deadline <= now }
    for question in late {
      counted.timedOut += 1
      answer(question, .failure(.timeout(sent: false)))
    }
    scheduleSweep()
  }
}

/// What a desk has counted.
public struct ScatterCounters: Sendable, Hashable {
  /// Questions that came.
  public var asked = 0
  /// Statements that were sent.
  public var sent = 0
  /// Questions that joined one that waited or was under way.
  public var shared = 0
  /// Questions that were answered by what was kept.
  public var kept = 0
  /// Questions refused because too many waited.
  public var refused = 0
  /// Statements that were given up before they were sent.
  public var timedOut = 0
  /// Questions that wait for an answer now.
  public var waiting = 0

  /// All zero.
  public init() {}
}

extension Array {
  /// The elements in order, in parts of at most that many.
  func parts(of most: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: Swift.max(1, most)).map { self[$0..<Swift.min($0 + most, count)] }
  }
}
