import ChatCore
import IORuntime
import Redis
import Synchronization

/// Writes what becomes of a node's ways to Redis into the log.
///
/// - Shape: `{"level":"warning","msg":"redis refused","connection":"publishing",
///   "change":"redis:6379 refuses: OOM command not allowed …","refusals":12}`.
/// - Limits: in ``Outages/every`` one failed attempt of each address, one loss of each kind of connection to it, and
///   one refusal of each first word; that a kind of connection is there, once for each line that said it is not.
final class RedisLog: Sendable {
  private let logger: Logger
  private let outages = Mutex(Outages<RedisAddress>())
  private let refusals = Mutex(Outages<String>())
  private let kinds = Mutex(Kinds())

  /// The connections of one kind to one address, one of each loop: that they are back is told as often as that they
  /// are gone, whichever of them it was.
  private struct Kinds {
    private var losses = Outages<String>()
    /// Whether the last line of a kind said that it is away.
    private var isAway: [String: Bool] = [:]

    mutating func lost(_ kind: String, at now: Milliseconds) -> Bool {
      guard losses.failed(kind, at: now) != nil else { return false }
      told(away: true, kind)
      return true
    }

    mutating func failed(_ kind: String) { told(away: true, kind) }

    /// Whether it is news.
    mutating func connected(_ kind: String) -> Bool {
      guard isAway[kind] != false else { return false }
      told(away: false, kind)
      return true
    }

    private mutating func told(away: Bool, _ kind: String) {
      if isAway.count >= Outages<String>.most { isAway = [:] }
      isAway[kind] = away
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
        kinds.withLock { $0.failed("\(what) \(address)") }
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
        guard kinds.withLock({ $0.connected("\(what) \(address)") }) else { return }
        logger.info("redis", .text("connection", what), .text("change", "\(change)"))
      case .lost(let address, _):
        let now = EventLoop.monotonicMilliseconds()
        guard kinds.withLock({ $0.lost("\(what) \(address)", at: now) }) else { return }
        logger.warning("redis", .text("connection", what), .text("change", "\(change)"))
      case .silent: logger.warning("redis", .text("connection", what), .text("change", "\(change)"))
      }
    }
  }
}
