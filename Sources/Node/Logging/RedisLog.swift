import ChatCore
import IORuntime
import Redis
import Synchronization

/// Writes what becomes of a node's ways to Redis into the log.
///
/// - Shape: `{"level":"warning","msg":"redis refused","connection":"publishing",
///   "change":"redis:6379 refuses: OOM command not allowed …","refusals":12}`.
/// - Limits: in ``Outages/every`` one failed attempt of each address, one loss of each kind of connection to it, and
///   one refusal of each first word.
final class RedisLog: Sendable {
  private let logger: Logger
  private let outages = Mutex(Outages<RedisAddress>())
  private let refusals = Mutex(Outages<String>())
  private let losses = Mutex(Losses())

  /// Connections that are lost as soon as they are had: that they are back is told as often as that they are gone.
  private struct Losses {
    var outages = Outages<String>()
    /// Whose last loss was not told.
    var untold: Set<String> = []

    mutating func lost(_ connection: String, at now: Milliseconds) -> Bool {
      let isTold = outages.failed(connection, at: now) != nil
      if untold.count >= Outages<String>.most { untold = [] }
      if isTold { untold.remove(connection) } else { untold.insert(connection) }
      return isTold
    }
  }

  init(_ logger: Logger) { self.logger = logger }

  /// Hears of one kind of connection; the cluster's topology is told for one of the loops only.
  func observer(_ what: String, tellsTopology: Bool = false) -> (RedisChange) -> Void {
    { [self] change in
      switch change {
      case .topology: if tellsTopology { logger.info("redis cluster", .text("change", "\(change)")) }
      case .leadsToCluster: logger.error("redis", .text("connection", what), .text("change", "\(change)"))
      case .failed(let address, _):
        let now = EventLoop.monotonicMilliseconds()
        guard let attempts = outages.withLock({ $0.failed(address, at: now) }) else { return }
        logger.warning(
          "redis", .text("connection", what), .text("change", "\(change)"), .number("attempts", Int64(attempts)))
      case .refused(let address, let words):
        let code = words.prefix { $0 != " " }.prefix(32)
        let now = EventLoop.monotonicMilliseconds()
        guard let count = refusals.withLock({ $0.failed("\(address) \(code)", at: now) }) else { return }
        logger.warning(
          "redis refused", .text("connection", what), .text("change", "\(change)"), .number("refusals", Int64(count)))
      case .connected(let address):
        outages.withLock { _ = $0.connected(address) }
        guard !losses.withLock({ $0.untold.contains("\(what) \(address)") }) else { return }
        logger.info("redis", .text("connection", what), .text("change", "\(change)"))
      case .lost(let address, _):
        let now = EventLoop.monotonicMilliseconds()
        guard losses.withLock({ $0.lost("\(what) \(address)", at: now) }) else { return }
        logger.warning("redis", .text("connection", what), .text("change", "\(change)"))
      case .silent: logger.warning("redis", .text("connection", what), .text("change", "\(change)"))
      }
    }
  }
}
