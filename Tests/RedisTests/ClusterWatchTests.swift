import IORuntime
import TestKit
import Testing

@testable import Redis

@Suite("Who keeps the map of a cluster")
struct ClusterWatchTests {
  /// Whom nothing ever disturbs.
  private final class Content: ClusterWatchOwner {
    private(set) var told: [ClusterMap] = []
    let isWhole = true
    func clusterTold(_ map: ClusterMap) { told.append(map) }
  }

  @Test("asks again and again while nothing goes wrong, and so learns of a change that nothing has told")
  func calm() async throws {
    try await onLoop { loop in
      let cluster = try FakeCluster(loop: loop, masters: 2)
      let settings = cluster.settings
      let owner = Content()
      let watch = ClusterWatch(loop: loop, settings: settings, trust: RedisTrust(settings), calm: 50) { _ in }
      watch.join(owner)
      watch.start()
      try await eventually(within: 15_000, on: loop) { watch.refreshes >= 3 }
      #expect(watch.changes == 1)
      cluster.tell(owners: [1, 0])
      try await eventually(within: 15_000, on: loop) { watch.changes == 2 }
      #expect(owner.told.last?.master(of: FakeCluster.slot) == cluster.address(1))
      watch.close()
      cluster.close()
    }
  }

  @Test("is asked for news by thousands of refusals, and asks for it ten times a second at most")
  func storm() async throws {
    try await onLoop { loop in
      let cluster = try FakeCluster(loop: loop, masters: 2)
      let client = RedisClient(loop: loop, settings: cluster.settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      let (slot, one, two) = (FakeCluster.slot.number, cluster.address(0), cluster.address(1))
      cluster.answer(0) { _ in "-MOVED \(slot) \(two)\r\n" }
      cluster.answer(1) { _ in "-MOVED \(slot) \(one)\r\n" }
      let (begun, before) = (loop.now, client.counters.refreshes)
      while client.counters.redirected < 1_000 || loop.now < begun + 1_000 {
        _ = try? await client.command(RedisCommand("GET", FakeCluster.key))
      }
      let (took, asked) = (loop.now - begun, client.counters.refreshes - before)
      #expect(asked >= 2, "it does look")
      #expect(Int64(asked) <= took / RefreshPlan.gap + 1)
      client.close()
      cluster.close()
    }
  }
}
