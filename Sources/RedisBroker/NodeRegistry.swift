import IORuntime
import Redis

/// Where a node stands with the others.
public enum NodeStanding: Sendable, Hashable {
  /// Redis has not answered yet, or not for a while.
  case away
  /// Somebody is in the way who may be dead: the sentence says who and why.
  case waiting(String)
  /// Its record stands, and the others can read it.
  case listed
  /// It may not join: the sentence says why.
  case refused(String)
  /// While it was silent another process took its name.
  case replaced
}

/// What a node knows of the list; for metrics.
public struct NodeListCounters: Sendable, Hashable {
  /// Whether the others can read its record.
  public internal(set) var isListed = false
  /// How many nodes were listed at its last beat, by role.
  public internal(set) var listed: [String: Int] = [:]
  /// How many nodes were refused since Redis began, by anybody.
  public internal(set) var refused = 0
}

/// The list of the cluster's nodes: each joins it once it has agreed with those that are there, says every few seconds
/// that it is alive, and is forgotten when it no longer does.
///
/// A sorted set by time of death and hashes of records and roles, kept by scripts and Redis' own clock; nothing is ever
/// scanned.
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
  private let isGone: (NodeRecord) -> Bool
  private let isGenuine: (NodeRecord) -> Bool
  private let scripts = (join: Scripts.join(), heartbeat: Scripts.heartbeat())
  private let list: NodeList
  private var timer: LoopTimer?
  private var isLeaving = false
  private var hasJoined = false
  private var changed: (NodeStanding) -> Void = { _ in }
  private var forged = ""
  private var gathered = NodeListCounters()
  /// When the record was known to stand for another lifetime.
  private var standsSince: Int64?

  /// Where the node stands now.
  public private(set) var standing = NodeStanding.away

  /// Milliseconds until the next try while Redis is away or somebody is in the way.
  private static let pause: Int64 = 500
  /// Milliseconds between two looks whether there is a connection: what a node that starts waits for.
  private static let look: Int64 = 20
  /// Milliseconds that a connection may take without Redis being called away.
  private static let connectTime: Int64 = 1_000

  /// Speaks for `record` over `client`; a node that is silent for `lifetime` is taken for dead, three missed beats by
  /// default.
  ///
  /// - Parameters:
  ///   - isGone: whether the process of a record has died for certain; others are waited for.
  ///   - isGenuine: whether a process of the cluster wrote that record, later than this one began; for nothing else the
  ///     node gives up its name.
  public init(
    loop: EventLoop, client: RedisClient, record: NodeRecord, names: TopicNames = .standard,
    lifetime: Int64 = 15_000, interval: Int64 = 5_000, isGone: @escaping (NodeRecord) -> Bool = { _ in false },
    isGenuine: @escaping (NodeRecord) -> Bool = { _ in true }
  ) {
    self.loop = loop
    self.client = client
    self.record = record
    self.lifetime = lifetime
    self.interval = interval
    self.isGone = isGone
    self.isGenuine = isGenuine
    keys = NodeList.keys(names)
    list = NodeList(client: client, names: names)
  }

  /// What it knows of the list.
  ///
  /// A Redis that is there and refuses what is written (no memory, no disk, a replica) lets the record run out as well
  /// as one that is away.
  public var counters: NodeListCounters {
    var now = gathered
    let isFresh = standsSince.map { EventLoop.monotonicMilliseconds() - $0 < lifetime } ?? false
    now.isListed = now.isListed && isFresh
    return now
  }

  /// Begins to join, and goes on until the node is listed or refused; from then on says that it is alive.
  ///
  /// - Parameter changed: hears where it stands whenever that changes, on the loop.
  public func start(_ changed: @escaping (NodeStanding) -> Void = { _ in }) {
    self.changed = changed
    loop.spawn { await self.join() }
  }

  /// Takes the node off the list and says no more; a list that cannot be reached forgets it by itself.
  ///
  /// - Parameter done: called once, on the loop, when Redis has heard it or is not there.
  public func leave(_ done: @escaping () -> Void = {}) {
    timer?.cancel()
    isLeaving = true
    guard hasJoined else { return done() }
    say(lifetime: 0, done)
  }

  /// The nodes that are alive, in the order of their ids, at most 1,000; this one too.
  ///
  /// - Throws: ``RedisError``.
  public func nodes() async throws(RedisError) -> [NodeRecord] { try await list.read() }

  private func stands(_ new: NodeStanding) {
    gathered.isListed = new == .listed
    guard new != standing else { return }
    standing = new
    changed(new)
  }

  // MARK: Joining

  /// One that is listed, and when he will be taken for dead unless he says again that he is alive.
  private struct Sight {
    let record: NodeRecord
    let text: String
    let death: Int64
  }

  private func join() async {
    var first: [String: Int64] = [:]
    var (agreed, replaced) = ("", "")
    var quietUntil: Int64?
    let begin = EventLoop.monotonicMilliseconds()
    while !isLeaving {
      guard let reply = await ask(agreed, replaced) else {
        if EventLoop.monotonicMilliseconds() - begin > NodeRegistry.connectTime { quietUntil = .max }
        // What was agreed to before is not agreed to again unseen.
        agreed = ""
        stands(.away)
        await loop.sleep(client.isConnected(for: keys[0]) ? NodeRegistry.pause : NodeRegistry.look)
        continue
      }
      // A Redis that was away may know nobody yet: those who were there before come first.
      if quietUntil == .max { quietUntil = EventLoop.monotonicMilliseconds() + interval }
      guard let others = NodeRegistry.sights(reply) else { return joined() }
      let obstacles = others.compactMap { other in obstacle(other).map { (other, $0) } }
      // Only who says again that he is alive is in the way: what a dead one left behind runs out.
      if let (_, sentence) = obstacles.first(where: { $0.0.death > first[$0.0.text] ?? .max }) {
        return await refused(sentence)
      }
      for (other, _) in obstacles { first[other.text] = first[other.text] ?? other.death }
      let digest = reply[1].text ?? ""
      let isQuiet = EventLoop.monotonicMilliseconds() < quietUntil ?? 0
      if isQuiet, obstacles.isEmpty {
        stands(.waiting("Redis was away, and the others come first"))
        await loop.sleep(NodeRegistry.pause)
      } else if obstacles.isEmpty, let dead = others.first(where: { $0.record.id == record.id }) {
        (agreed, replaced) = ("", dead.text)
      } else if obstacles.isEmpty, agreed != digest {
        agreed = digest
      } else {
        stands(.waiting(obstacles.first?.1 ?? "nobody can read what stands under the name \(record.id)"))
        await loop.sleep(NodeRegistry.pause)
      }
    }
  }

  private func ask(_ agreed: String, _ replaced: String) async -> [RedisReply]? {
    let arguments = [record.id, record.text, String(lifetime), record.role, agreed, replaced]
    let reply = try? await client.run(scripts.join, keys: keys, arguments: arguments)
    return reply?.elements.flatMap { $0.first?.integer == 1 || $0.count > 1 ? $0 : nil }
  }

  /// The others on the list; nil when the node is on it.
  private static func sights(_ reply: [RedisReply]) -> [Sight]? {
    guard reply[0].integer == 0 else { return nil }
    return stride(from: 2, to: reply.count - 1, by: 2).compactMap { index in
      guard let bytes = reply[index].bytes, let record = NodeRecord(text: bytes) else { return nil }
      return Sight(record: record, text: String(decoding: bytes, as: UTF8.self), death: reply[index + 1].integer ?? 0)
    }
  }

  /// Why the node cannot join while that one lives; nil when it can.
  private func obstacle(_ other: Sight) -> String? {
    guard !isGone(other.record) else { return nil }
    guard other.record.id != record.id else { return "another process is the node \(record.id)" }
    guard let here = record.agreement, let there = other.record.agreement else { return nil }
    return here.differences(from: there, of: other.record.id).first
  }

  private func joined() {
    hasJoined = true
    // Told to go in the meantime.
    guard !isLeaving else { return say(lifetime: 0) }
    standsSince = EventLoop.monotonicMilliseconds()
    stands(.listed)
    beat()
  }

  private func refused(_ sentence: String) async {
    _ = try? await client.command(RedisCommand("INCR", keys[3]))
    stands(.refused(sentence))
  }

  // MARK: Living

  private func beat() {
    guard !isLeaving else { return }
    say(lifetime: lifetime)
    let pause = client.isConnected(for: keys[0]) ? interval : min(interval, NodeRegistry.pause)
    timer = loop.schedule(after: pause) { [weak self] in self?.beat() }
  }

  /// One that is lost is followed by another before the node is taken for dead.
  private func say(lifetime: Int64, _ done: @escaping () -> Void = {}) {
    let arguments = [record.id, record.text, String(lifetime), record.role, forged]
    gathered.isListed = gathered.isListed && client.isConnected(for: keys[0])
    do throws(RedisError) {
      try client.submit(scripts.heartbeat, keys: keys, arguments: arguments) { [weak self] result in
        defer { done() }
        guard let self, !isLeaving, case .success(let reply) = result, let parts = reply.elements else { return }
        hear(parts)
      }
    } catch {
      done()
    }
  }

  private func hear(_ parts: [RedisReply]) {
    guard parts.count >= 2 else { return }
    gathered.refused = Int(clamping: parts[1].integer ?? 0)
    gathered.listed = parts.dropFirst(2).compactMap(\.text).reduce(into: [:]) { $0[$1, default: 0] += 1 }
    guard let bytes = parts[0].bytes, !bytes.isEmpty else {
      standsSince = EventLoop.monotonicMilliseconds()
      return stands(.listed)
    }
    guard let other = NodeRecord(text: bytes), isGenuine(other) else {
      gathered.isListed = false
      forged = String(decoding: bytes, as: UTF8.self)
      return
    }
    timer?.cancel()
    stands(.replaced)
  }
}
