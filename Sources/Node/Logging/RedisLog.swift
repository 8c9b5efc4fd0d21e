import ChatCore
import IORuntime
import Redis
import Synchronization

/// Which failed attempts to reach a Redis are worth a line: all links of all loops of a node fail at once, again and
/// again.
///
/// - Limits: ``every`` and ``most``.
struct RedisOutages {
  /// Between two lines about one address: often enough to see that it lasts.
  static let every: Milliseconds = 10_000
  /// Addresses remembered: more than a cluster has; past it all are forgotten, and told once more.
  static let most = 2_048

  private var outages: [RedisAddress: (told: Milliseconds, attempts: Int)] = [:]

  /// How many attempts failed since the last line; nil when there is to be none.
  mutating func failed(_ address: RedisAddress, at now: Milliseconds) -> Int? {
    let attempts = (outages[address]?.attempts ?? 0) + 1
    if let told = outages[address]?.told, now - told < Self.every {
      outages[address] = (told, attempts)
      return nil
    }
    if outages.count >= Self.most { outages = [:] }
    outages[address] = (now, 0)
    return attempts
  }

  /// Its outage is over.
  mutating func connected(_ address: RedisAddress) { outages[address] = nil }
}

/// Writes what becomes of a node's ways to Redis into the log.
final class RedisLog: Sendable {
  private let logger: Logger
  private let outages = Mutex(RedisOutages())

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
        logger.info(
          "redis", .text("connection", what), .text("change", "\(change)"), .number("attempts", Int64(attempts)))
      case .connected(let address):
        outages.withLock { $0.connected(address) }
        logger.info("redis", .text("connection", what), .text("change", "\(change)"))
      case .lost, .silent: logger.info("redis", .text("connection", what), .text("change", "\(change)"))
      }
    }
  }
}
