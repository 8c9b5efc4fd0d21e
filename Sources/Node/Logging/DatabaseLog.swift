import ChatCore
import IORuntime
import Postgres
import Synchronization

/// Writes what becomes of a node's connections to PostgreSQL into the log.
///
/// - Shape: `{"level":"warning","msg":"database","change":"no connection to db1:5432: …","attempts":12}`; that it is
///   connected at level info, and only of a host that was told to be away.
///   `{"level":"warning","msg":"database refused","sqlstate":"53100","statement":"log.send_batch","refusals":12,
///   "reason":"could not extend file …: No space left on device"}`: what callers were told by 503, of the statement
///   that was refused last, and in the server's words where those quote no value.
///   `{"level":"error","msg":"the store made a mistake","fault":"database: entry 81: unexpected reply: …","times":1}`.
/// - Limits: of each host one loss and one failed attempt in ``Outages/every``, of each SQLSTATE one refusal, of
///   each fault one line, with how many there were; what comes after ``Outages/quiet`` is counted from one.
final class DatabaseLog: Sendable {
  private struct Hosts {
    // A server that ends each session as soon as it has begun would be told of as often, if that ended the outage.
    var losses = Outages<String>()
    var tries = Outages<String>()
    var away: Set<String> = []
    var refusals = Outages<String>()
    var mistakes = Outages<String>()
  }

  private let logger: Logger
  private let hosts = Mutex(Hosts())

  init(_ logger: Logger) { self.logger = logger }

  /// Hears of one connection; from any loop.
  func heard(_ change: PostgresChange) { heard(change, at: EventLoop.monotonicMilliseconds()) }

  func heard(_ change: PostgresChange, at now: Milliseconds) {
    switch change {
    case .connected(let host):
      let wasAway = hosts.withLock { hosts in
        hosts.tries.connected(host)
        return hosts.away.remove(host) != nil
      }
      if wasAway { logger.info("database", .text("change", "\(change)")) }
    case .lost(let host, _): warn(change, of: host) { $0.losses.failed(host, at: now) }
    case .failed(let host, _): warn(change, of: host) { $0.tries.failed(host, at: now) }
    }
  }

  /// Hears of a statement that the server refused for now; from any loop.
  func refused(_ refusal: ServerRefusal) { refused(refusal, at: EventLoop.monotonicMilliseconds()) }

  func refused(_ refusal: ServerRefusal, at now: Milliseconds) {
    guard let refusals = hosts.withLock({ $0.refusals.failed(refusal.sqlstate, at: now) }) else { return }
    var fields: [LogField] = [
      .text("sqlstate", refusal.sqlstate), .text("statement", refusal.statement),
      .number("refusals", Int64(refusals)),
    ]
    if let reason = refusal.message { fields.append(.text("reason", reason)) }
    logger.log(.warning, "database refused", fields)
  }

  /// Hears of a row that cannot be read, or of a statement that the server does not understand; from any loop. The same
  /// ones are met again and again by all who come back.
  func mistaken(_ fault: String) { mistaken(fault, at: EventLoop.monotonicMilliseconds()) }

  func mistaken(_ fault: String, at now: Milliseconds) {
    guard let times = hosts.withLock({ $0.mistakes.failed(fault, at: now) }) else { return }
    logger.error("the store made a mistake", .text("fault", fault), .number("times", Int64(times)))
  }

  private func warn(_ change: PostgresChange, of host: String, _ count: (inout Hosts) -> Int?) {
    let attempts = hosts.withLock { hosts in
      let attempts = count(&hosts)
      if attempts != nil { hosts.away.insert(host) }
      return attempts
    }
    guard let attempts else { return }
    logger.warning("database", .text("change", "\(change)"), .number("attempts", Int64(attempts)))
  }
}
