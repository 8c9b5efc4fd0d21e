import ChatCore
import IORuntime
import Redis
import Synchronization

/// Writes what becomes of a node's ways to Redis into the log.
final class RedisLog: Sendable {
  private let logger: Logger
  private let outages = Mutex(Outages<RedisAddress>())

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
      case .connected(let address):
        outages.withLock { _ = $0.connected(address) }
        logger.info("redis", .text("connection", what), .text("change", "\(change)"))
      case .lost, .silent: logger.warning("redis", .text("connection", what), .text("change", "\(change)"))
      }
    }
  }
}
