import HTTP1
import IORuntime
import TestKit
import Testing

extension ClusterTests {
  /// Nodes that come: who is let in, and who never gets a client.
  struct JoiningTests {
    private static let otherKey = "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"

    /// Settings that a node with a mistake in them was started with, and what it says of it.
    private static let mistakes: [([String: String], String)] = [
      (["MARTLET_LIMIT_TEXT_BYTES": "5000"], "MARTLET_LIMIT_TEXT_BYTES is 5000 here and the default at "),
      (["MARTLET_REFRESH_KEY": otherKey], "MARTLET_REFRESH_KEY is not the same here and at "),
      (["MARTLET_TOKEN_KEYS": "test:\(otherKey)"], "MARTLET_TOKEN_KEYS has another key 'test' here than at "),
      (["MARTLET_TOKEN_KEYS": "next:\(otherKey)"], "MARTLET_TOKEN_KEYS signs by 'next' here, which "),
      (["MARTLET_NODE_ID": "api-0"], "another process is the node api-0"),
    ]

    @Test
    func `F42: a node with a wrong setting, key or name ends with a sentence about it, and nobody ever reaches it`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      let mistakes = Self.mistakes + [try await Self.anotherDatabase(cluster)]
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let room = try await stage.open(title: "room", members: [ada])
        try await stage.client(ada).goOnline()
        try await withThrowingTaskGroup(of: Void.self) { group in
          for (index, (settings, sentence)) in mistakes.enumerated() {
            let node = try cluster.another(index.isMultiple(of: 2) ? .api : .socket, settings)
            group.addTask {
              try node.launch()
              let wasReached = await Self.isReached(node, for: 40_000)
              #expect(!wasReached, "\(settings)")
              #expect(await node.waitForExit(10_000) == .code(78), "\(settings)")
              #expect(node.logTail(1).contains("Cannot join the others: \(sentence)"), "\(node.logTail(3))")
            }
          }
          try await group.waitForAll()
        }
        #expect(stage.clients[0].ends.isEmpty)
        #expect(await stage.clients[0].say("still here", in: room, as: "1") != .unknown)
        // The beat that brings the numbers may be five seconds old.
        #expect(await Self.says(stage, "martlet_nodes{role=\"api\"}") { $0 == 2 })
        #expect(await Self.says(stage, "martlet_node_listed") { $0 == 1 })
        #expect(
          await Self.says(stage, "martlet_joins_refused_total") { $0 >= mistakes.count })
      }
    }

    @Test func `a change that is meant goes round by MARTLET_JOIN, and keys one behind the other`() async throws {
      let cluster = try await SharedCluster.healthy()
      let key = cluster.environment["MARTLET_TOKEN_KEYS"] ?? ""
      for settings in [
        ["MARTLET_TOKEN_LIFETIME_S": "77", "MARTLET_JOIN": "accept"],
        ["MARTLET_TOKEN_KEYS": "\(key),next:\(Self.otherKey)"],
      ] {
        let node = try cluster.another(.api, settings)
        try await node.start()
        #expect(await Self.says(node, "joined the others"))
        node.term()
        #expect(await node.waitForExit(8_000) == .code(0), "\(node.logTail(3))")
      }
    }

    @Test func `without Redis a node serves all the same, and one that differs leaves once Redis is back`() async throws
    {
      let cluster = try await SharedCluster.healthy()
      cluster.redis.kill9()
      let (good, bad) = (try cluster.another(.api), try cluster.another(.api, ["MARTLET_TOKEN_LIFETIME_S": "77"]))
      async let first: Void = good.start()
      try await bad.start()
      try await first
      #expect(await Self.says(good, "serving without Redis"))
      try await cluster.redis.restart()
      #expect(await bad.waitForExit(40_000) == .code(78), "\(bad.logTail(3))")
      #expect(bad.logTail().contains("MARTLET_TOKEN_LIFETIME_S is 77 here and the default at "))
      #expect(try await Self.isListed(good, in: cluster, true))
      good.term()
      #expect(await good.waitForExit(8_000) == .code(0))
      #expect(try await Self.isListed(good, in: cluster, false))
    }

    @Test func `doctor lists the nodes, and says which setting would keep a node out`() async throws {
      let cluster = try await SharedCluster.healthy()
      let fitting = try cluster.command(["doctor"])
      #expect(try await fitting.exitCode() == 0, "\(fitting.output)")
      for node in cluster.nodes {
        #expect(fitting.output.contains("     \(node.name)  \(node.role.rawValue)  0.1.0  up "))
      }
      #expect(fitting.output.contains("2 api, 2 socket; one with these settings is let in"))
      let differing = try cluster.command(["doctor"], settings: ["MARTLET_TOKEN_LIFETIME_S": "77"])
      #expect(try await differing.exitCode() == 1)
      #expect(differing.output.contains("differs: MARTLET_TOKEN_LIFETIME_S is 77 here and the default at socket-1"))
      #expect(differing.output.contains("FAIL nodes      a node with these settings is not let in: "))
    }

    /// Whether that stands in its log, which is written by a thread of its own a moment after what it tells.
    private static func says(_ node: NodeProcess, _ words: String) async -> Bool {
      await Stopwatch.wait(15_000) { node.logTail().contains(words) }
    }

    /// A node on a database of its own that fits in all else.
    private static func anotherDatabase(_ cluster: LocalCluster) async throws -> ([String: String], String) {
      // On one server, so that its schema is wherever the node connects.
      let url = try await cluster.postgres.database(distributed: false)
      let migrate = try cluster.command(
        ["migrate"], settings: ["MARTLET_DATABASE_URL": cluster.postgres.migratingURL(of: url)])
      try #require(try await migrate.exitCode() == 0, "\(migrate.output)")
      return (["MARTLET_DATABASE_URL": url], "MARTLET_DATABASE_URL leads to another database here than at ")
    }

    /// Whether anybody could connect before it ended.
    private static func isReached(_ node: NodeProcess, for milliseconds: Int64) async -> Bool {
      let end = Stopwatch.now + milliseconds * 1_000
      while node.isRunning, Stopwatch.now < end {
        if await Probe.exchange(node.address, Array("GET / HTTP/1.0\r\n\r\n".utf8), for: 200).isConnected {
          return true
        }
        try? await Task.sleep(for: .milliseconds(20))
      }
      return false
    }

    /// Waits until a node is on the list, or is not.
    private static func isListed(_ node: NodeProcess, in cluster: LocalCluster, _ isSo: Bool) async throws -> Bool {
      let end = Stopwatch.now + 30_000_000
      while Stopwatch.now < end {
        let doctor = try cluster.command(["doctor"])
        _ = try await doctor.exitCode()
        if doctor.output.contains("     \(node.name)  ") == isSo { return true }
      }
      return false
    }

    /// Waits until a metric of the first API node is as it should be, at most six beats.
    private static func says(_ stage: ClusterStage, _ name: String, _ isRight: (Int) -> Bool) async -> Bool {
      for _ in 0..<500 {
        let lines = (try? await stage.api[0].text("/metrics"))?.split(separator: "\n") ?? []
        let value = lines.first { $0.hasPrefix("\(name) ") }?.split(separator: " ").last.flatMap { Int($0) }
        if let value, isRight(value) { return true }
        await stage.loop.sleep(60)
      }
      return false
    }
  }
}
