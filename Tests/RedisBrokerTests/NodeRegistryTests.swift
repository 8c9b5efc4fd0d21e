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
    for text in ["", "x", "{}", #"{"id":1}"#] { #expect(NodeRecord(text: Array(text.utf8)) == nil) }
  }

  @Test(
    "a node is listed while it says so, and forgotten when it leaves or falls silent", arguments: RedisKind.allCases)
  func life(kind: RedisKind) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let client = RedisClient(loop: loop, settings: settings)
        client.start()
        try #require(await client.connected(within: 2_000))
        let registries = ["b", "a", "c"].map {
          NodeRegistry(loop: loop, client: client, record: Self.record($0), lifetime: 300, interval: 100)
        }
        for registry in registries { registry.start() }
        let all = try await registries[0].nodes()
        #expect(all == ["a", "b", "c"].map(Self.record))
        await loop.sleep(400)
        let still = try await registries[0].nodes()
        #expect(still.count == 3)
        registries[1].leave()
        let left = try await registries[0].nodes()
        #expect(left.map(\.id) == ["b", "c"])
        // What kill -9 leaves behind: a record that nobody renews.
        _ = try await client.run(
          Scripts.heartbeat(), keys: ["martlet:{nodes}alive", "martlet:{nodes}records"],
          arguments: ["dead", Self.record("dead").text, "150"])
        let before = try await registries[0].nodes()
        #expect(before.map(\.id) == ["b", "c", "dead"])
        await loop.sleep(300)
        let after = try await registries[0].nodes()
        #expect(after.map(\.id) == ["b", "c"])
        let kept = try await client.command(RedisCommand("HLEN", "martlet:{nodes}records")).integer
        #expect(kept == 2)
        client.close()
      }
    }
  }

  @Test("the list is filled again soon after Redis has forgotten it", arguments: RedisKind.allCases)
  func restart(kind: RedisKind) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let client = RedisClient(loop: loop, settings: settings)
        let registry = NodeRegistry(loop: loop, client: client, record: Self.record("a"))
        registry.start()
        client.start()
        try #require(await client.connected(within: 2_000))
        await loop.sleep(600)
        let listed = try await registry.nodes()
        #expect(listed.count == 1)
        client.close()
        registry.leave()
      }
    }
  }
}
