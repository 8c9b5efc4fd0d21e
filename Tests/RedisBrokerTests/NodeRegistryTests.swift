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
    for kind in RedisKind.allCases {
      try await kind.play { redis in
        let settings = try RedisSettings(url: redis.url)
        try await onLoop { loop in
          let client = RedisClient(loop: loop, settings: settings)
          client.start()
          try #require(await client.connected(within: 2_000))
          try await body(loop, client) { id, lifetime, number in
            NodeRegistry(
              loop: loop, client: client, record: record(id, lifetime, number), lifetime: 3_000, interval: 100
            ) { $0.process == "process 0" }
          }
          client.close()
        }
      }
    }
  }

  private static func record(_ id: String, _ lifetime: String, _ number: Int) -> NodeRecord {
    NodeRecord(
      id: id, role: "socket", addresses: [], version: "0.1.0", settings: "", process: "process \(number)",
      agreement: NodeAgreement(settings: ["MARTLET_TOKEN_LIFETIME_S": lifetime]))
  }

  /// What kill -9 leaves behind: a record that nobody renews.
  private static func leaveBehind(_ record: NodeRecord, for lifetime: Int, _ client: RedisClient) async throws {
    _ = try await client.run(
      Scripts.heartbeat(), keys: NodeList.keys(.standard),
      arguments: [record.id, record.text, String(lifetime), record.role])
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

  private static func reach(_ condition: () async throws -> Bool) async -> Bool {
    for _ in 0..<1_000 {
      if (try? await condition()) == true { return true }
      try? await Task.sleep(for: .milliseconds(5))
    }
    return false
  }
}
