import IORuntime
import TestKit
import Testing

extension ClusterTests {
  /// A cluster that grows, shrinks and is replaced while people talk through the load balancer.
  @Suite(.enabled(if: LocalCluster.hasEdge, "there is no haproxy here"))
  struct ScalingTests {
    /// Seconds of grace: clients are told to go over half of it.
    private static let grace = 6

    @Test func `nodes come, go and are replaced under load: nothing lost or doubled, no request failed, no herd`()
      async throws
    {
      let cluster = try await LocalCluster.start(
        api: 3, socket: 4, settings: ["MARTLET_DRAIN_GRACE_S": "\(Self.grace)", "MARTLET_LOOPS": "1"])
      defer { cluster.end() }
      try await Self.leave([cluster.socket[3], cluster.socket[2], cluster.api[2]])
      let edge = try await cluster.startEdge()
      defer { edge.end() }
      try await ClusterStage.play(on: cluster, through: edge) { stage in
        #expect(try await edge.sends(to: Array(cluster.api[0...1] + cluster.socket[0...1])))
        try await Self.crowd(stage, devices: 4)
        let over = Over()
        async let sockets: Void = Load(count: 0, perSecond: 60).run(on: stage, "s") { over.isSo }
        async let requests: Void = Load(count: 0, perSecond: 60, door: .rest).run(on: stage, "r") { over.isSo }
        try await Self.scale(stage, cluster, edge)
        let began = Stopwatch.now
        for node in cluster.api[0...1] + cluster.socket[0...1] {
          try await Self.leave([node])
          try await node.start()
          #expect(try await edge.sends(to: Array(cluster.api[0...1] + cluster.socket[0...1])))
        }
        over.isSo = true
        _ = await (sockets, requests)
        #expect(try await stage.converge(within: 10_000))
        try await Self.judge(stage, rolledFrom: began)
      }
    }

    /// 2 -> 4 -> 2 socket nodes and 2 -> 3 -> 1 API nodes, then 2 again.
    private static func scale(_ stage: ClusterStage, _ cluster: LocalCluster, _ edge: EdgeProcess) async throws {
      async let first: Void = cluster.socket[2].start()
      async let second: Void = cluster.socket[3].start()
      try await cluster.api[2].start()
      _ = try await (first, second)
      #expect(try await edge.sends(to: cluster.nodes))
      // Who comes now goes where the fewest are: the new nodes have clients to lose.
      for client in stage.clients.prefix(8) { try await stage.client(client.account).goOnline() }
      for node in cluster.socket[2...3] {
        let metrics = try await RESTClient(loop: stage.loop, address: node.address).text("/metrics")
        #expect(!metrics.contains("martlet_sessions 0\n"), "\(node.name) has nobody")
      }
      try await leave([cluster.socket[3], cluster.api[2]])
      try await leave([cluster.socket[2], cluster.api[1]])
      try await cluster.api[1].start()
      #expect(try await edge.sends(to: Array(cluster.api[0...1] + cluster.socket[0...1])))
    }

    private static func judge(_ stage: ClusterStage, rolledFrom began: Moment) async throws {
      let check = try await stage.check()
      #expect(check.broken() == [])
      let history = stage.recorder.history
      let requests = history.sends.filter { $0.clientID.hasPrefix("r") }
      #expect(requests.count > 1_000, "too little was asked to say anything")
      #expect(requests.filter { if case .acknowledged = $0.outcome { $0.attempts > 1 } else { true } } == [])
      let refused = history.sends.filter { if case .refused = $0.outcome { true } else { false } }
      #expect(refused == [])
      let ends = stage.clients.flatMap(\.ends)
      #expect(ends.allSatisfy { $0.code == 4000 }, "\(Set(ends.map(\.code)))")
      // Two nodes are emptied over three seconds each; at worst all clients are on one of them.
      let returns = history.sessions.compactMap(\.resumedAt).filter { $0 > began }.sorted()
      let second: Moment = 1_000_000
      let inOneSecond = Moment(2 * stage.clients.count / (grace / 2))
      let herds = returns.indices.map { first in
        let count = returns[first...].prefix { $0 < returns[first] + second }.count
        // Those who have waited for a core come together.
        let waited = history.starved(from: returns[first] - second, to: returns[first] + second)
        return (count: count, bound: Int(inOneSecond * (second + waited) / second) + 4)
      }
      let peak = herds.map(\.count).max()
      #expect(returns.count >= stage.clients.count / 2, "\(returns.count) came back")
      #expect(
        herds.allSatisfy { $0.count <= $0.bound },
        "\(peak ?? 0) of \(stage.clients.count) clients came back within one second")
      print(
        "scale and roll: \(history.sends.count) sends, \(requests.count) by REST, \(ends.count) closed with 4000;",
        "at the roll \(returns.count) came back, at most \(peak ?? 0) within a second;",
        HistoryCheck.describe(check.delays()))
    }

    /// Eight people with some devices each, in eight rooms of three.
    private static func crowd(_ stage: ClusterStage, devices: Int) async throws {
      var people: [Account] = []
      for number in 0..<8 { people.append(try await stage.account("p\(number)")) }
      for number in 0..<8 {
        _ = try await stage.open(title: "room \(number)", members: (0..<3).map { people[(number + $0) % 8] })
      }
      for account in people { for _ in 0..<devices { try await stage.client(account).goOnline() } }
    }

    /// Tells nodes to go and waits until they have gone, as they should.
    private static func leave(_ nodes: [NodeProcess]) async throws {
      for node in nodes { node.term() }
      for node in nodes {
        #expect(await node.waitForExit(grace * 1_000 + 5_000) == .code(0), "\(node.logTail(3))")
      }
    }
  }
}

/// Whether a load is to end; one loop's.
final class Over: @unchecked Sendable {
  var isSo = false
}
