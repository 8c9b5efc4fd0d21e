import IORuntime
import Postgres

/// Asks the replicas of one loop for pages of the past, and says when the primary has to be asked instead.
///
/// A page counts only when it is as of the head that the caller has read from the primary: the replica's own head, from
/// the same statement and so the same snapshot, is not below it, and nothing on the page is of after it. A replica may
/// be ahead of its primary, which shows a commit only when its synchronous standby has it: a reader who had seen that
/// would see it gone on his next page. And what the replica has at that head is what the primary has there, which is
/// asked at the same time: a replica of a primary of before goes on with a history of its own. Each page is asked of
/// one replica, once, within a short deadline.
///
/// - Limits: ``ReplicaCircuit``; connections, deadline and queue as the settings of each host say.
/// - Errors: none; what goes wrong is counted, and the primary answers.
/// - Isolation: belongs to its loop; ``ask(_:_:asOf:)`` may be called from anywhere.
public final class ReplicaReader: @unchecked Sendable {
  private final class Host {
    let pool: PostgresPool
    var circuit = ReplicaCircuit()

    init(_ pool: PostgresPool) { self.pool = pool }
  }

  private let loop: EventLoop
  private let hosts: [Host]
  private let onlyStandbys: Bool
  private var turn = 0
  private var counted = ReplicaCounts()

  /// A reader with a pool for each host.
  ///
  /// - Parameters:
  ///   - onlyStandbys: whether a server that is not in recovery is refused: one that was promoted follows the primary
  ///     no more.
  ///   - observe: told of connections as by a ``PostgresPool``.
  /// - Throws: ``PostgresError/misconfigured(_:)`` for settings that cannot be used.
  public init(
    loop: EventLoop, hosts: [PostgresSettings], onlyStandbys: Bool = true,
    observe: @escaping (PostgresChange) -> Void = { _ in }
  ) throws(PostgresError) {
    self.loop = loop
    self.onlyStandbys = onlyStandbys
    var made: [Host] = []
    for settings in hosts { made.append(Host(try PostgresPool(loop: loop, settings: settings, observe: observe))) }
    self.hosts = made
  }

  /// Begins to connect.
  public func start() { for host in hosts { host.pool.start() } }

  /// Lets go of connections, then runs the body on the loop.
  public func close(_ body: @escaping @Sendable () -> Void = {}) {
    guard let last = hosts.last else { return loop.execute(body) }
    for host in hosts.dropLast() { host.pool.close() }
    last.pool.close(body)
  }

  /// What was counted so far, and how it stands; on the loop only.
  public var counts: ReplicaCounts {
    var now = counted
    for host in hosts { now.connections += host.pool.counters.ready }
    return now
  }

  /// The rows of a page, if a replica gives them in time and they are as of `head`, which the primary has said: the
  /// columns of ``EntryRows``, then the replica's head, then whether it is in recovery, then its mark of that head.
  ///
  /// - Parameters:
  ///   - primary: of the same loop.
  ///   - mark: gives the primary's mark of that head.
  func ask(
    _ statement: Statement, _ parameters: [Parameter], asOf head: Int64, confirmedBy primary: PostgresPool,
    _ mark: Statement, _ key: [Parameter]
  ) async -> Rows? {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Rows?, Never>) in
      let begin: @Sendable () -> Void = { [self] in
        guard let host = choose() else { return continuation.resume(returning: nil) }
        let both = Both { [self] in continuation.resume(returning: told($0, $1, of: host, asOf: head)) }
        host.pool.submit([(statement, parameters)]) { both.page = $0 }
        primary.submit([(mark, key)], timeout: host.pool.patience) { both.mark = $0 }
      }
      if loop.inLoop { begin() } else { loop.execute(begin) }
    }
  }

  private typealias Answer = Result<[Rows], PostgresError>

  /// Two answers that are waited for.
  private final class Both {
    var page: Answer? { didSet { look() } }
    var mark: Answer? { didSet { look() } }
    private let done: (Answer, Answer) -> Void

    init(_ done: @escaping (Answer, Answer) -> Void) { self.done = done }

    private func look() {
      if let page, let mark { done(page, mark) }
    }
  }

  private func told(_ page: Answer, _ mark: Answer, of host: Host, asOf head: Int64) -> Rows? {
    let outcome = judge(page, mark, head)
    counted.note(outcome)
    switch outcome {
    case .served, .ahead, .unconfirmed: host.circuit.served()
    default:
      host.circuit.failed(
        behind: outcome == .behind, at: EventLoop.monotonicMilliseconds(), chance: Double.random(in: 0...1))
    }
    return outcome == .served ? try? page.get().first : nil
  }

  /// They take turns; one that cannot be reached or rests is passed over.
  private func choose() -> Host? {
    turn &+= 1
    let now = EventLoop.monotonicMilliseconds()
    var outcome = ReplicaOutcome.away
    for step in hosts.indices {
      let host = hosts[(turn &+ step) % hosts.count]
      guard host.pool.failure == nil else { continue }
      if host.circuit.mayAsk(at: now) { return host }
      outcome = .resting
    }
    counted.note(outcome)
    return nil
  }

  private func judge(_ page: Answer, _ mark: Answer, _ head: Int64) -> ReplicaOutcome {
    do throws(PostgresError) {
      guard let rows = try page.get().first, let first = rows.first else { return .behind }
      if onlyStandbys, try !first.bool(EntryRows.count + 1) { return .noStandby }
      if try first.int8(EntryRows.count) < head { return .behind }
      // None: the primary did not answer, or has lost what it had said.
      guard let confirmed = try? mark.get().first?.first?.int8(0) else { return .unconfirmed }
      if try first.optionalInt8(EntryRows.count + 2) != confirmed { return .diverged }
      for row in rows where try EntryRows.lastChange(row) > head { return .ahead }
      return .served
    } catch {
      return ReplicaOutcome(error)
    }
  }
}

/// What came of asking replicas for a page; all but the first mean that the primary was asked.
public enum ReplicaOutcome: String, Sendable, CaseIterable {
  /// The page came from a replica.
  case served
  /// The replica has not yet what the reader may have seen.
  case behind
  /// A message on the page was changed after what the primary has said.
  case ahead
  /// There is no connection to any.
  case away
  /// Those that can be reached are being left alone after failures.
  case resting
  /// No answer in time, or too many wait for one.
  case late
  /// Replay and the page stood in each other's way, and replay won.
  case conflict
  /// The server has been promoted, so that it follows the primary no more.
  case noStandby = "no_standby"
  /// The replica has another entry at that head than the primary: it follows a primary of before.
  case diverged
  /// The primary did not say in time what it has there.
  case unconfirmed
  /// The server refused, or answered what we do not understand: another schema, as a rule.
  case refused

  /// Why there is no page.
  init(_ error: PostgresError) {
    switch error {
    case .timeout, .queueFull: self = .late
    case .unavailable, .lost: self = .away
    case .server(let refusal) where refusal.sqlstate == "57014": self = .late
    case .server where error.isWorthRepeating: self = .conflict
    case .server, .unexpectedReply, .textWithNUL, .misconfigured: self = .refused
    }
  }
}

/// What a loop has counted of its replicas.
public struct ReplicaCounts: Sendable, Hashable {
  /// Pages, by what came of asking.
  public private(set) var pages: [ReplicaOutcome: Int] = [:]
  /// Connections that are ready.
  public var connections = 0

  /// None.
  public init() {}

  mutating func note(_ outcome: ReplicaOutcome) { pages[outcome, default: 0] += 1 }
}
