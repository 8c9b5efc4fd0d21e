import IORuntime
import Redis
import TestKit
import Testing

@testable import RedisBroker

@Suite("The list of nodes")
struct NodeRegistryTests {
  private static func record(_ id: String) -> NodeRecord {
    NodeRecord(id: id, role: "socket", addresses: ["10.0.0.7:9001", "[::1]:9"], version: "0.1.0", settings: "9f\"3c")
  }

  @Test("a record is read back as it was written, and anything else is refused")
  func text() {
    #expect(NodeRecord(text: Array(Self.record("a").text.utf8)) == Self.record("a"))
    let entered = NodeRecord(
      id: "a", role: "socket", addresses: [], version: "0.1.0", settings: "9f",
      entrance: .init(address: "10.0.0.7:9101", proof: "5b"))
    #expect(NodeRecord(text: Array(entered.text.utf8)) == entered)
    // A proof without an address is none, and an older node's record has neither.
    let older = #"{"id":"a","role":"socket","addresses":[],"version":"0.1.0","settings":"9f"}"#
    let broken = older.dropLast() + #","private":{"proof":"5b"}}"#
    for text in [older, String(broken)] {
      let read = NodeRecord(text: Array(text.utf8))
      #expect(read?.id == "a")
      #expect(read?.entrance == nil)
    }
    let whole = NodeRecord(
      id: "a", role: "socket", addresses: [], version: "0.1.0", settings: "9f", since: 1_763_730_000_000,
      process: "x y 1 2", agreement: NodeAgreement(settings: ["A": "1"], keys: [.init(id: "k", digest: "d")]))
    #expect(NodeRecord(text: Array(whole.text.utf8)) == whole)
    for text in ["", "x", "{}", #"{"id":1}"#] { #expect(NodeRecord(text: Array(text.utf8)) == nil) }
  }

  @Test("a node is listed while it says so, and forgotten when it leaves or falls silent")
  func life() async throws {
    try await Self.onRedis { loop, client, _ in
      let registries = ["b", "a", "c"].map {
        NodeRegistry(loop: loop, client: client, record: Self.record($0), lifetime: 2_000, interval: 100)
      }
      for registry in registries { registry.start() }
      try #require(await Self.reach { registries.allSatisfy { $0.standing == .listed } })
      let all = try await registries[0].nodes()
      #expect(all == ["a", "b", "c"].map(Self.record))
      // Longer than they would be listed if they did not say so again.
      await loop.sleep(2_300)
      let still = try await registries[0].nodes()
      #expect(still.count == 3)
      registries[1].leave()
      let left = try await registries[0].nodes()
      #expect(left.map(\.id) == ["b", "c"])
      // What kill -9 leaves behind: a record that nobody renews.
      _ = try await client.run(
        Scripts.heartbeat(), keys: NodeList.keys(.standard),
        arguments: ["dead", Self.record("dead").text, "2000", "socket"])
      let before = try await registries[0].nodes()
      #expect(before.map(\.id) == ["b", "c", "dead"])
      #expect(await Self.reach { try await registries[0].nodes().map(\.id) == ["b", "c"] })
      #expect(
        await Self.reach { try await client.command(RedisCommand("HLEN", "m:{nodes}records")).integer == 2 })
      for registry in registries { registry.leave() }
    }
  }

  @Test("the list is filled again soon after Redis has forgotten it")
  func restart() async throws {
    try await Self.onRedis { loop, client, _ in
      let registry = NodeRegistry(
        loop: loop, client: client, record: Self.record("a"), lifetime: 300, interval: 100)
      registry.start()
      #expect(await Self.stands(registry, .listed))
      _ = try await client.command(RedisCommand("DEL", "m:{nodes}alive", "m:{nodes}records"))
      #expect(await Self.reach { (try? await registry.nodes())?.count == 1 })
      #expect(await Self.reach { registry.counters == Self.counters(["socket": 1]) })
      registry.leave()
    }
  }

  @Test("while Redis is away a node stands nowhere, and joins when it is there", arguments: RedisKind.allCases)
  func away(kind: RedisKind) async throws {
    try await kind.play { redis in
      redis.kill9()
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let client = RedisClient(loop: loop, settings: settings)
        let registry = NodeRegistry(loop: loop, client: client, record: Self.record("a"))
        registry.start()
        client.start()
        await loop.sleep(200)
        #expect(registry.standing == .away)
        try await redis.restart()
        #expect(await Self.stands(registry, .listed))
        client.close()
      }
    }
  }

  /// Its connection stands, so it once said that it was listed for as long as Redis had no disk, or it no rights.
  @Test("a node whose beats are refused is listed no more once its record has run out, and is again when they are not")
  func beatsRefused() async throws {
    let redis = try PrivateRedis()
    defer { redis.end() }
    let settings = try RedisSettings(url: redis.url)
    try await onLoop { loop in
      let client = RedisClient(loop: loop, settings: settings)
      let registry = NodeRegistry(
        loop: loop, client: client, record: Self.record("a"), lifetime: 2_000, interval: 100)
      client.start()
      registry.start()
      try #require(await Self.reach { registry.counters.isListed })
      _ = try await client.command(RedisCommand("ACL", "SETUSER", "default", "-zadd"))
      #expect(await Self.reach { !registry.counters.isListed })
      #expect(client.isConnected)
      _ = try await client.command(RedisCommand("ACL", "SETUSER", "default", "+zadd"))
      #expect(await Self.reach { registry.counters.isListed })
      registry.leave()
      client.close()
    }
  }

  @Test("of two that differ and begin at once the second is refused, and a third that agrees is not disturbed")
  func twoAtOnce() async throws {
    try await Self.onRedis { loop, client, make in
      let (one, two) = (make("a", "600", 1), make("b", "700", 2))
      one.start()
      two.start()
      #expect(
        await Self.reach {
          [one, two].contains { $0.standing == .listed }
            && [one, two].contains { if case .refused = $0.standing { true } else { false } }
        })
      let (first, other) = one.standing == .listed ? ("600", "b") : ("700", "a")
      let third = make("c", first, 3)
      third.start()
      #expect(await Self.stands(third, .listed))
      let ids = try await third.nodes().map(\.id)
      #expect(ids.count == 2 && !ids.contains(other))
      #expect(await Self.reach { third.counters == Self.counters(["socket": 2], refused: 1) })
    }
  }

  @Test("one that differs is refused with the setting's name once the other has shown that it lives")
  func refused() async throws {
    try await Self.onRedis { _, _, make in
      let (one, two) = (make("a", "600", 1), make("b", "700", 2))
      one.start()
      #expect(await Self.stands(one, .listed))
      two.start()
      #expect(await Self.stands(two, .refused("MARTLET_TOKEN_LIFETIME_S is 700 here and 600 at a")))
    }
  }

  @Test("what a dead node left behind is in nobody's way once it runs out")
  func deadDiffers() async throws {
    try await Self.onRedis { _, client, make in
      try await Self.leaveBehind(Self.record("a", "600", 1), for: 4_000, client)
      let two = make("b", "700", 2)
      two.start()
      #expect(await Self.stands(two, .waiting("MARTLET_TOKEN_LIFETIME_S is 700 here and 600 at a")))
      #expect(await Self.stands(two, .listed))
    }
  }

  @Test("a name that another living process has is refused")
  func sameName() async throws {
    try await Self.onRedis { _, _, make in
      let (one, two) = (make("a", "600", 1), make("a", "600", 2))
      one.start()
      #expect(await Self.stands(one, .listed))
      two.start()
      #expect(await Self.stands(two, .refused("another process is the node a")))
      two.leave()
      let processes = try await Self.processes(one)
      #expect(processes == ["process 1"])
    }
  }

  @Test("the name of a process that has died for certain is taken over at once, whatever it had in common")
  func takeOver() async throws {
    try await Self.onRedis { _, client, make in
      try await Self.leaveBehind(Self.record("a", "600", 0), for: 60_000, client)
      let one = make("a", "700", 1)
      one.start()
      #expect(await Self.stands(one, .listed))
      let processes = try await Self.processes(one)
      #expect(processes == ["process 1"])
    }
  }

  @Test("a record that nobody can read keeps a name until it runs out")
  func unreadable() async throws {
    try await Self.onRedis { _, client, make in
      _ = try await client.run(
        Scripts.heartbeat(), keys: NodeList.keys(.standard), arguments: ["a", "{", "4000", "socket"])
      let one = make("a", "700", 1)
      one.start()
      #expect(await Self.stands(one, .waiting("nobody can read what stands under the name a")))
      #expect(await Self.stands(one, .listed))
    }
  }

  @Test("a node that was silent until another took its name does not take it back")
  func zombie() async throws {
    try await Self.onRedis { loop, client, make in
      let one = make("a", "600", 1)
      one.start()
      #expect(await Self.stands(one, .listed))
      // As if its lease had run out and a stranger had joined between two beats: in one step, or one may come between.
      try await Self.leaveBehind(
        Self.record("a", "600", 2), insteadOf: Self.record("a", "600", 1), for: 60_000, client)
      #expect(await Self.stands(one, .replaced))
      one.leave()
      let processes = try await Self.processes(one)
      #expect(processes == ["process 2"])
    }
  }

  @Test("a name that is taken by a record which proves nothing is taken back, and the node stays")
  func forged() async throws {
    try await Self.onRedis { loop, client, make in
      let one = make("a", "600", 1)
      one.start()
      #expect(await Self.stands(one, .listed))
      for forgery in ["{", Self.record("a", "700", -1).text] {
        _ = try await client.command(RedisCommand("HSET", "m:{nodes}records", "a", forgery))
        #expect(await Self.reach { try await Self.processes(one) == ["process 1"] })
      }
      #expect(await Self.stands(one, .listed))
      one.leave()
    }
  }

  // MARK: Insides

  /// On both kinds of Redis at once, since most of a story is waiting. A node's process is dead for certain when its
  /// number is 0, and its record proves nothing when it is -1.
  private static func onRedis(
    _ body:
      @escaping @Sendable (
        EventLoop, RedisClient, (_ id: String, _ lifetime: String, _ number: Int) -> NodeRegistry
      ) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for kind in RedisKind.allCases {
        group.addTask {
          try await withRedis(kind) { loop, client, _ in
            try await body(loop, client) { id, lifetime, number in
              NodeRegistry(
                loop: loop, client: client, record: record(id, lifetime, number), lifetime: 3_000, interval: 100,
                isGone: { $0.process == "process 0" }, isGenuine: { $0.process != "process -1" })
            }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  private static func record(_ id: String, _ lifetime: String, _ number: Int) -> NodeRecord {
    NodeRecord(
      id: id, role: "socket", addresses: [], version: "0.1.0", settings: "", process: "process \(number)",
      agreement: NodeAgreement(settings: ["MARTLET_TOKEN_LIFETIME_S": lifetime]))
  }

  /// What kill -9 leaves behind: a record that nobody renews.
  private static func leaveBehind(
    _ record: NodeRecord, insteadOf other: NodeRecord? = nil, for lifetime: Int, _ client: RedisClient
  ) async throws {
    _ = try await client.run(
      Scripts.heartbeat(), keys: NodeList.keys(.standard),
      arguments: [record.id, record.text, String(lifetime), record.role] + (other.map { [$0.text] } ?? []))
  }

  private static func counters(_ listed: [String: Int], refused: Int = 0) -> NodeListCounters {
    var counters = NodeListCounters()
    (counters.isListed, counters.listed, counters.refused) = (true, listed, refused)
    return counters
  }

  private static func processes(_ registry: NodeRegistry) async throws -> [String?] {
    try await registry.nodes().map(\.process)
  }

  private static func stands(_ registry: NodeRegistry, _ standing: NodeStanding) async -> Bool {
    await reach { registry.standing == standing }
  }

  /// Waits for half a minute at most: a way back to Redis is tried every two seconds, a list is read as seldom.
  private static func reach(_ condition: () async throws -> Bool) async -> Bool {
    for _ in 0..<6_000 {
      if (try? await condition()) == true { return true }
      try? await Task.sleep(for: .milliseconds(5))
    }
    return false
  }
}
