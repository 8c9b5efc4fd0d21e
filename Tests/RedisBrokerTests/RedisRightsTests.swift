import ChatCore
import Foundation
import IORuntime
import Redis
import TestKit
import Testing

@testable import RedisBroker

/// What the nodes' user may do in Redis, by the line that the runbook gives: all that they need, and no more.
@Suite("The rights of nodes in Redis", .serialized)
struct RedisRightsTests {
  private static let name = "martlet"

  @Test("are enough for presence, rates, fan-out, signing out and the list of nodes, and each is used")
  func single() async throws {
    let rights = try Self.rights()
    let redis = try PrivateRedis(options: Self.options())
    defer { redis.end() }
    try await Self.live(at: redis.url) { _ = redis.ask("CLIENT KILL TYPE pubsub") }
    try Self.expect([redis], used: rights.filter { !$0.hasPrefix("cluster|") && $0 != "asking" })
  }

  @Test("are enough in a cluster too")
  func cluster() async throws {
    let rights = try Self.rights()
    let cluster = try await PrivateRedisCluster.start(options: Self.options())
    defer { cluster.end() }
    try await Self.live(at: cluster.url) { for node in cluster.nodes { _ = node.ask("CLIENT KILL TYPE pubsub") } }
    let settings = try Self.settings(cluster.url)
    try await onLoop { loop in
      // What goes before a command that follows its slot while that moves.
      try await Self.withClient(loop, settings) { client in
        let answer = try await client.command(RedisCommand("ASKING"))
        #expect(answer == .status("OK"))
      }
    }
    try Self.expect(cluster.nodes, used: rights)
  }

  // MARK: The line

  /// The words of the runbook's line behind the password.
  private static func words() throws -> [Substring] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../deploy/runbook.md")
    let page = try String(contentsOf: file, encoding: .utf8)
    let lines = page.split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("user \(name) on >PASSWORD ") })
    return line.split(separator: " ").dropFirst(4).map { $0 }
  }

  /// The commands of it.
  private static func rights() throws -> [String] {
    try words().filter { $0.hasPrefix("+") }.map { String($0.dropFirst()) }
  }

  private static func options() throws -> [String] {
    ["--user", name, "on", ">secret"] + (try words().map(String.init))
  }

  private static func settings(_ url: String) throws -> RedisSettings {
    var settings = try RedisSettings(url: url.split(separator: "://").joined(separator: "://\(name):secret@"))
    settings.clientName = "martlet-a"
    return settings
  }

  // MARK: What nodes do

  private static func withClient(
    _ loop: EventLoop, _ settings: RedisSettings, _ body: (RedisClient) async throws -> Void
  ) async throws {
    let client = RedisClient(loop: loop, settings: settings)
    client.start()
    try #require(await client.connected(within: 15_000))
    try await body(client)
    client.close()
  }

  private static func live(at url: String, interrupt: @escaping @Sendable () -> Void) async throws {
    let settings = try settings(url)
    try await onLoop { loop in
      try await publishes(loop, settings, interrupt)
      try await counts(loop, settings)
      try await joins(loop, settings)
      for rule in PresenceContract.all { try await isPresent(loop, settings, rule) }
    }
  }

  private static func publishes(
    _ loop: EventLoop, _ settings: RedisSettings, _ interrupt: @escaping () -> Void
  ) async throws {
    for rule in BrokerContract.all {
      let clients = (0..<2).map { _ in RedisClient(loop: loop, settings: settings) }
      let topics = clients.map { RedisTopics(loop: loop, client: $0, settings: settings) }
      for (client, topic) in zip(clients, topics) {
        client.start()
        topic.start()
      }
      try await eventually(within: 15_000, on: loop) { clients.allSatisfy(\.isConnected) }
      let under = BrokersUnderTest(loop: loop, brokers: topics) { _ in interrupt() }
      try await rule.run(under)
      topics[0].announce(.signedOut(PayloadTests.ada.id, sessions: [SessionID(rawValue: 4_097)]))
      for (client, topic) in zip(clients, topics) {
        client.close()
        topic.close()
      }
    }
  }

  private static func counts(_ loop: EventLoop, _ settings: RedisSettings) async throws {
    try await withClient(loop, settings) { client in
      let buckets = RateBuckets(loop: loop, client: client, patience: RateBucketsTests.patience)
      for number in 0..<20 {
        #expect(await buckets.take("send:u:\(number)", cost: 1, capacity: 2, refillPerSecond: 1).allowed)
      }
      #expect(buckets.counters.local == 0)
    }
  }

  /// Two that agree, and one that does not.
  private static func joins(_ loop: EventLoop, _ settings: RedisSettings) async throws {
    try await withClient(loop, settings) { client in
      let registries = [("a", "600"), ("b", "600"), ("c", "700")].map { id, lifetime in
        NodeRegistry(
          loop: loop, client: client,
          record: NodeRecord(
            id: id, role: "socket", addresses: [], version: "0.1.0", settings: "", process: id,
            agreement: NodeAgreement(settings: ["MARTLET_TOKEN_LIFETIME_S": lifetime])),
          lifetime: 3_000, interval: 50)
      }
      for registry in registries.prefix(2) {
        registry.start()
        try await eventually(within: 15_000, on: loop) { registry.standing == .listed }
      }
      registries[2].start()
      try await eventually(within: 20_000, on: loop) {
        if case .refused = registries[2].standing { true } else { false }
      }
      try await eventually(within: 15_000, on: loop) { registries[0].counters.refused == 1 }
      let nodes = try await registries[0].nodes()
      #expect(nodes.map(\.id) == ["a", "b"])
      for registry in registries { registry.leave() }
      await loop.sleep(100)
    }
  }

  private static func isPresent(
    _ loop: EventLoop, _ settings: RedisSettings, _ rule: PresenceContract.Case
  ) async throws {
    var limits = PresenceLimits()
    limits.times = PresenceContract.times
    limits.lookAgainAfter = 100
    let nodes = ["a", "b"].map { RedisPresence(loop: loop, settings: settings, node: $0, limits: limits) }
    for node in nodes { node.start() }
    try await rule.run(
      PresenceUnderTest(
        loop: loop, nodes: nodes.map { $0.directory(on: loop) }, kill: { nodes[$0].vanish() },
        leave: { nodes[$0].close() }))
    for node in nodes { node.close() }
    await loop.sleep(100)
  }

  // MARK: What Redis says of it

  private static func expect(_ servers: [PrivateRedis], used rights: [String]) throws {
    for server in servers { #expect(server.ask("ACL LOG")?.isEmpty == true, "what was refused at \(server.port)") }
    let counted = servers.compactMap { $0.ask("INFO commandstats") }.joined(separator: "\n")
    let unused = rights.filter { !counted.contains("cmdstat_\($0):") }
    #expect(unused.isEmpty, "rights that nobody needs")
    // The log would tell: who may not do something is refused and written down.
    let server = try #require(servers.first)
    for command in ["GET other", "SPUBLISH other x", "KEYS m:*"] {
      let answer = server.ask("AUTH \(name) secret", command) ?? ""
      #expect(answer.contains("NOPERM"), "\(command): \(answer)")
    }
    #expect(server.ask("ACL LOG")?.isEmpty == false)
  }
}
