import IORuntime
import Redis

/// The list of the cluster's nodes: each says every few seconds that it is alive, and is forgotten when it no longer
/// does.
///
/// A sorted set by time of death and a hash of records, kept by scripts and Redis' own clock; nothing is ever scanned.
///
/// - Units: milliseconds.
/// - Isolation: one loop of the node.
public final class NodeRegistry: @unchecked Sendable {
  private let loop: EventLoop
  private let client: RedisClient
  private let keys: [String]
  private let record: NodeRecord
  private let lifetime: Int64
  private let interval: Int64
  private let heartbeat = Scripts.heartbeat()
  private let list: NodeList
  private var timer: LoopTimer?

  /// Milliseconds until the next beat while Redis is away, so that a node is listed soon after it is back.
  private static let awayPause: Int64 = 500

  /// Speaks for `record` over `client`; a node that is silent for `lifetime` is taken for dead, three missed beats by
  /// default.
  public init(
    loop: EventLoop, client: RedisClient, record: NodeRecord, names: TopicNames = .standard,
    lifetime: Int64 = 15_000, interval: Int64 = 5_000
  ) {
    self.loop = loop
    self.client = client
    self.record = record
    self.lifetime = lifetime
    self.interval = interval
    keys = NodeList.keys(names)
    list = NodeList(client: client, names: names)
  }

  /// Begins to say that the node is alive.
  public func start() {
    guard timer == nil else { return }
    beat()
  }

  /// Takes the node off the list and says no more; a list that cannot be reached forgets it by itself.
  public func leave() {
    timer?.cancel()
    say(record: "")
  }

  /// The nodes that are alive, in the order of their ids, at most 1,000; this one too.
  ///
  /// - Throws: ``RedisError``.
  public func nodes() async throws(RedisError) -> [NodeRecord] { try await list.read() }

  private func beat() {
    say(record: record.text)
    let pause = client.isConnected(for: keys[0]) ? interval : min(interval, NodeRegistry.awayPause)
    timer = loop.schedule(after: pause) { [weak self] in self?.beat() }
  }

  /// One that is lost is followed by another before the node is taken for dead.
  private func say(record text: String) {
    try? client.submit(heartbeat, keys: keys, arguments: [record.id, text, String(lifetime)]) { _ in }
  }
}
