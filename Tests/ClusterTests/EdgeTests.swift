import Client
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
  }
}
