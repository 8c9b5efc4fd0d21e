import ChatCore
import IORuntime
import Peering
import Redis
import RedisBroker

/// A node's way to the others: it listens to no client before it is listed, so that a bad one never gets any, and what
/// is sent to it by others finds it.
///
/// Redis is never the truth: a node that cannot reach it serves all the same, and joins when it is back. Should it turn
/// out then that it may not, it leaves as if it had been told to go.
///
/// - Isolation: the loop of the registry.
final class Joining: @unchecked Sendable {
  /// How long a node waits for Redis before it serves without: a thousand round trips, and no user waits for it.
  static let redisPatience: Milliseconds = 3_000

  /// How long Redis has to hear of the leave: long past a round trip; then the record runs out by itself.
  static let farewell: Milliseconds = 500

  private let loop: EventLoop
  private let registry: NodeRegistry
  private let client: RedisClient
  private let logger: Logger
  /// Whether other nodes pass on requests for its sessions.
  private let isAsked: Bool
  private var isServing = false
  private let mistake = Mistake()

  /// What is wrong with the settings for certain, found while connecting.
  private final class Mistake {
    var sentence: String?
  }

  /// It has a connection of its own, so that a beat waits behind nothing.
  init(
    loop: EventLoop, configuration: Configuration, database: String?, role: Role, node: String, redis: RedisSettings,
    entrance: NodeRecord.Entrance?, logger: Logger, redisLog: RedisLog
  ) {
    self.loop = loop
    self.logger = logger
    isAsked = entrance != nil
    let mistake = mistake
    let observe = redisLog.observer("joining")
    client = RedisClient(loop: loop, settings: redis) { change in
      observe(change)
      if case .leadsToCluster = change { mistake.sentence = "MARTLET_REDIS_URL: \(change)." }
    }
    var record = NodeRecord(
      id: node, role: role.rawValue, addresses: [configuration.serving.listen.description], version: Version.text,
      settings: configuration.sharedHash, entrance: entrance, since: SystemClock().now.milliseconds,
      process: ProcessMark.own()?.text, agreement: configuration.agreement.on(database: database))
    let seal = PeerSeal(secret: configuration.secrets.refreshKey?.revealed ?? [])
    record.proof = seal.proof(ofIdentity: record.identity)
    let since = record.since ?? 0
    registry = NodeRegistry(
      loop: loop, client: client, record: record, names: configuration.topicNames,
      isGone: { $0.process.map(ProcessMark.isGone) ?? false },
      isGenuine: { other in
        // An earlier record may be somebody's who has kept it.
        guard let proof = other.proof, let began = other.since, began >= since else { return false }
        return seal.isGenuine(proof, ofIdentity: other.identity)
      })
  }

  /// Joins, or gives up waiting for Redis.
  ///
  /// - Parameter mustLeave: called when it turns out later that the node may not be among the others.
  /// - Throws: ``StartFailure`` with the sentence that says why the node may not join.
  func join(mustLeave: @escaping (String) -> Void) async throws(StartFailure) {
    client.start()
    registry.start { [weak self] standing in self?.stands(standing, mustLeave) }
    let end = loop.now + Joining.redisPatience
    while true {
      if let sentence = mistake.sentence { throw StartFailure(sentence, isConfiguration: true) }
      switch registry.standing {
      case .listed:
        // Whoever has read the list before it was on it reads it again for what it lacks.
        if isAsked { await loop.sleep(PeerLimits().missMilliseconds) }
        isServing = true
        return
      case .away where EventLoop.monotonicMilliseconds() >= end:
        logger.warning("serving without Redis", .text("meaning", "the node is not listed; it joins when Redis is back"))
        isServing = true
        return
      case .refused(let sentence): throw StartFailure(Joining.sentence(sentence), isConfiguration: true)
      case .away, .waiting, .replaced: await loop.sleep(10)
      }
    }
  }

  private func stands(_ standing: NodeStanding, _ mustLeave: (String) -> Void) {
    switch standing {
    case .away: logger.warning("the list of nodes cannot be reached")
    case .waiting(let reason): logger.warning("waiting to join", .text("reason", reason))
    case .listed: logger.info("joined the others")
    case .refused(let sentence) where isServing: mustLeave(Joining.sentence(sentence))
    case .refused: break
    case .replaced: mustLeave("While this node was silent another process became the node of its name.")
    }
  }

  private static func sentence(_ reason: String) -> String {
    "Cannot join the others: \(reason). See deploy/settings.md, and MARTLET_JOIN for a change that is meant."
  }

  /// What it knows of the list.
  var counters: NodeListCounters { registry.counters }

  /// Takes the node off the list: at the end of a leave, since its sessions are asked for as long as there are some.
  ///
  /// - Parameter done: called once, on the loop, within ``farewell``.
  func leave(_ done: @escaping () -> Void) {
    var isDone = false
    func end() {
      guard !isDone else { return }
      isDone = true
      client.close()
      done()
    }
    loop.schedule(after: Joining.farewell, end)
    registry.leave(end)
  }
}
