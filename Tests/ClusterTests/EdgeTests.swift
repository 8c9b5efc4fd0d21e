import Client
import HTTP1
import IORuntime
import TestKit
import Testing

extension ClusterTests {
  /// The same people through the load balancer.
  @Suite(.enabled(if: LocalCluster.hasEdge, "there is no haproxy here"))
  struct EdgeTests {
    @Test func `through the edge people talk, and the death of a socket node costs them a reconnect and no message`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      let edge = try await cluster.startEdge()
      defer { edge.end() }
      try await ClusterStage.play(on: cluster, through: edge) { stage in
        let people = [try await stage.account("ada"), try await stage.account("bob"), try await stage.account("cyd")]
        for number in 0..<5 { _ = try await stage.open(title: "room \(number)", members: people) }
        for account in people { try await stage.client(account).goOnline() }
        async let load: Void = Load(count: 800, perSecond: 150, door: .both).run(on: stage)
        await stage.loop.sleep(1_500)
        cluster.socket[0].kill9()
        let killed = Stopwatch.now
        #expect(await Stopwatch.wait(2_000) { stage.clients.contains { !$0.ends.isEmpty } })
        #expect(await Stopwatch.wait(5_000) { stage.clients.allSatisfy(\.isLive) })
        print("edge: all clients live again after \((Stopwatch.now - killed) / 1_000) ms")
        await load
        #expect(try await stage.converge(within: 5_000))
        let check = try await stage.check()
        #expect(check.broken() == [])
        #expect(check.late(5_000) == [])
        print("edge:", HistoryCheck.describe(check.delays()))
      }
    }

    @Test func `a client who drops his poll at the edge is gone for his node long before a ping`() async throws {
      let cluster = try await SharedCluster.healthy()
      let edge = try await cluster.startEdge()
      defer { edge.end() }
      try await ClusterStage.play(on: cluster, through: edge) { stage in
        let target = "/socket.io/?EIO=4&transport=polling"
        let doors = cluster.socket.map { HTTPClient(loop: stage.loop, address: $0.address) }
        let opened = try await doors[0].call(.get, target)
        let body = String(decoding: opened.body, as: UTF8.self)
        let sid = try #require(body.split(separator: "\"").dropFirst(3).first)
        // A node that is ready is known to the others.
        #expect(try await doors[1].call(.post, "\(target)&sid=\(sid)", body: [0x36]).status == 200)
        let before = try await Self.sessions(stage)
        let poll = try await stage.loop.connect(to: edge.address, deadline: 10_000)
        poll.begin(with: Unheard())
        poll.send("GET \(target)&sid=\(sid) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try await Self.reach { try await Self.polls(stage) > 0 })
        poll.close()
        #expect(try await Self.reach { try await Self.polls(stage) == 0 })
        #expect(try await Self.reach { try await Self.sessions(stage) == before - 1 })
      }
    }

    private static func polls(_ stage: ClusterStage) async throws -> Int {
      try await sum(stage, "martlet_engine_polls ")
    }

    private static func sessions(_ stage: ClusterStage) async throws -> Int {
      try await sum(stage, "martlet_engine_sessions{")
    }

    /// What the socket nodes say of that gauge.
    private static func sum(_ stage: ClusterStage, _ name: String) async throws -> Int {
      var sum = 0
      for node in stage.cluster.socket {
        let lines = try await RESTClient(loop: stage.loop, address: node.address).text("/metrics").split(
          separator: "\n")
        sum += lines.filter { $0.hasPrefix(name) }.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
          .reduce(0, +)
      }
      return sum
    }

    private static func reach(_ isSo: () async throws -> Bool) async throws -> Bool {
      for _ in 0..<750 {
        if try await isSo() { return true }
        try await Task.sleep(for: .milliseconds(20))
      }
      return false
    }
  }

  /// Hears nothing.
  private final class Unheard: ConnectionHandler {
    func received(_ bytes: UnsafeRawBufferPointer) {}
    func ended(_ reason: ConnectionEnd) {}
  }
}
