import ChatCore
import IORuntime
import Redis
import TestKit
import Testing

@testable import RedisBroker

@Suite("Presence in Redis")
struct RedisPresenceTests {
  static let ada = UserID(counter: 5_000, bucket: Bucket(folding: 7))

  private static var limits: PresenceLimits {
    var limits = PresenceLimits()
    limits.times = PresenceContract.times
    limits.lookAgainAfter = 100
    return limits
  }

  private static func node(_ name: String?, _ loop: EventLoop, _ settings: RedisSettings) -> RedisPresence {
    let node = RedisPresence(loop: loop, settings: settings, node: name, limits: limits)
    node.start()
    return node
  }

  /// Runs a body with two nodes on one loop.
  private static func play(
    on kind: RedisKind,
    _ body: @escaping @Sendable (any RedisUnderTest, [RedisPresence], [PresenceEars], EventLoop) async throws -> Void
  ) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let nodes = ["a", "b"].map { node($0, loop, settings) }
        let ears = nodes.map { node in
          let ears = PresenceEars()
          desk(node, loop).attach(ears)
          return ears
        }
        try await body(redis, nodes, ears, loop)
        for node in nodes { node.close() }
        await loop.sleep(50)
      }
    }
  }

  private static func desk(_ node: RedisPresence, _ loop: EventLoop) -> any PresenceDirectory {
    node.directory(on: loop)
  }

  @Test("the contract holds", arguments: RedisKind.allCases, PresenceContract.all)
  func contract(kind: RedisKind, _ contractCase: PresenceContract.Case) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let nodes = ["a", "b"].map { Self.node($0, loop, settings) }
        let under = PresenceUnderTest(
          loop: loop, nodes: nodes.map { $0.directory(on: loop) }, kill: { nodes[$0].vanish() },
          leave: { nodes[$0].close() })
        try await contractCase.run(under)
        for node in nodes { node.close() }
        await loop.sleep(50)
      }
    }
  }

  @Test(
    "after Redis has forgotten everything the nodes say again who is there, and watchers hear no flapping",
    arguments: RedisKind.allCases)
  func flush(kind: RedisKind) async throws {
    try await Self.play(on: kind) { redis, nodes, ears, loop in
      nodes[0].arrived(Self.ada)
      nodes[1].watch([Self.ada], from: 0)
      try await eventually(within: 15_000, on: loop) { ears[1].last(of: Self.ada)?.status == .online }
      let told = ears[1].heard.count
      try await redis.flush()
      try await eventually(within: 15_000, on: loop) { nodes.allSatisfy { $0.counters.begunAnew >= 1 } }
      try await Self.says(nodes[1], .online, loop)
      #expect(ears[1].heard.dropFirst(told).allSatisfy { $0.status == .online })
    }
  }

  @Test(
    "while Redis is away what was known stays, and after it is back empty all is as it is",
    arguments: RedisKind.allCases)
  func restart(kind: RedisKind) async throws {
    try await Self.play(on: kind) { redis, nodes, ears, loop in
      let bob = UserID(counter: 5_001, bucket: Bucket(folding: 8))
      nodes[0].arrived(Self.ada)
      nodes[1].watch([Self.ada, bob], from: 0)
      try await eventually(within: 15_000, on: loop) { ears[1].last(of: Self.ada)?.status == .online }
      redis.kill9()
      nodes[0].left(Self.ada)
      nodes[0].arrived(bob)
      await loop.sleep(400)
      #expect(ears[1].last(of: Self.ada)?.status == .online)
      try await redis.restart()
      try await eventually(within: 15_000, on: loop) {
        ears[1].last(of: Self.ada)?.status == .offline && ears[1].last(of: bob)?.status == .online
      }
    }
  }

  @Test("a node that was taken for dead comes back under a new name and says all again", arguments: RedisKind.allCases)
  func zombie(kind: RedisKind) async throws {
    try await Self.play(on: kind) { redis, nodes, ears, loop in
      nodes[0].arrived(Self.ada)
      nodes[1].watch([Self.ada], from: 0)
      try await eventually(within: 15_000, on: loop) { ears[1].last(of: Self.ada)?.status == .online }
      nodes[0].office.sleep()
      try await eventually(within: 15_000, on: loop) { ears[1].last(of: Self.ada)?.status == .offline }
      #expect(nodes[1].counters.buried == 1)
      nodes[0].office.start()
      try await eventually(within: 15_000, on: loop) { ears[1].last(of: Self.ada)?.status == .online }
      #expect(nodes[0].counters.begunAnew == 1)
    }
  }

  @Test(
    "nothing of a node is left in Redis once it is gone, but when its users were last there",
    arguments: RedisKind.allCases)
  func leftovers(kind: RedisKind) async throws {
    try await Self.play(on: kind) { redis, nodes, ears, loop in
      nodes[0].arrived(Self.ada)
      try await Self.says(nodes[1], .online, loop)
      nodes[0].vanish()
      try await Self.says(nodes[1], .offline, loop)
      let end = EventLoop.monotonicMilliseconds() + 15_000
      var keys: [String] = []
      repeat {
        await loop.sleep(20)
        keys = try await redis.keys()
      } while keys.count != 2 && EventLoop.monotonicMilliseconds() < end
      let share = PresenceShare(of: Self.ada)
      #expect(keys == [share.seen(.standard), "m:{presence}living"].sorted())
    }
  }

  /// A replica that becomes master may lack the last writes; the node thinks that it has said them.
  @Test(
    "who was forgotten by a Redis that else knows all is there again once the node's connection is new",
    arguments: RedisKind.allCases)
  func lostWrites(kind: RedisKind) async throws {
    try await Self.play(on: kind) { redis, nodes, ears, loop in
      nodes[0].arrived(Self.ada)
      try await Self.says(nodes[1], .online, loop)
      let client = RedisClient(loop: loop, settings: try RedisSettings(url: redis.url))
      client.start()
      try #require(await client.connected(within: 15_000))
      let keys = try await redis.keys().filter { $0.contains("p:at:a") }
      try #require(keys.count == 1)
      let share = PresenceShare(of: Self.ada)
      _ = try await client.command(RedisCommand("DEL", keys[0], share.online(.standard)))
      try await Self.says(nodes[1], .offline, loop)
      for server in redis.servers { try await server.killClients() }
      try await Self.says(nodes[1], .online, loop)
      #expect(nodes[0].counters.begunAnew == 0)
      client.close()
    }
  }

  @Test("a node without sockets asks and says nothing", arguments: RedisKind.allCases)
  func observer(kind: RedisKind) async throws {
    try await Self.play(on: kind) { redis, nodes, ears, loop in
      let asking = Self.node(nil, loop, try RedisSettings(url: redis.url))
      nodes[0].arrived(Self.ada)
      try await Self.says(asking, .online, loop)
      #expect(asking.counters.said == 0)
      asking.close()
    }
  }

  @Test(
    "a message that is not ours is dropped",
    arguments: [
      "", "x", "{}", #"{"v":2,"t":1,"on":[],"off":[]}"#, #"{"v":1,"t":1,"on":[]}"#, #"{"v":1,"on":[],"off":[]}"#,
      #"{"v":1,"t":1,"on":["1"],"off":[]}"#, #"{"v":1,"t":1,"on":[0],"off":[]}"#,
      #"{"v":1,"t":1,"on":[20480008],"off":[]}"#,
    ])
  func garbage(text: String) {
    #expect(PresenceText.changes(Array(text.utf8), in: PresenceShare(of: Self.ada)) == nil)
  }

  @Test("shares are even, and each has its own slot")
  func shares() {
    let buckets = (0..<4_096).map { PresenceShare(of: UserID(counter: 9_000, bucket: Bucket(folding: UInt64($0)))) }
    let sizes = Dictionary(grouping: buckets, by: \.number).mapValues(\.count)
    #expect(sizes.count == PresenceShare.count)
    #expect(sizes.values.allSatisfy { $0 == 64 })
    let slots = Set(PresenceShare.all.map { HashSlot(of: $0.seen(.standard)) })
    #expect(slots.count == PresenceShare.count)
    for share in PresenceShare.all {
      #expect(HashSlot(of: share.channel(.standard)) == HashSlot(of: share.listed(.standard, by: "a.1")))
    }
  }

  private static func says(_ node: RedisPresence, _ status: Presence.Status, _ loop: EventLoop) async throws {
    let directory = desk(node, loop)
    let end = EventLoop.monotonicMilliseconds() + 15_000
    var said: Presence.Status?
    repeat {
      said = await directory.presence(of: [ada]).first?.status
      await loop.sleep(10)
    } while said != status && EventLoop.monotonicMilliseconds() < end
    try #require(said == status)
  }
}

extension RedisPresence {
  /// What `kill -9` does: nothing is said any more.
  func vanish() {
    close(silently: true)
  }
}
