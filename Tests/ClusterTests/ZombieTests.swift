import IORuntime
import TestKit
import Testing

extension ClusterTests {
  /// Nodes that fall silent: one for ever, one for half a minute.
  struct ZombieTests {
    @Test func `F06: a node that was stopped for 30 s keeps nobody present, and tells nothing twice or out of order`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let people = try await Self.crowd(stage)
        let watcher = try await Watcher.open(stage, people[1], at: cluster.socket[1])
        try await watcher.watch(people[2].user)
        try await watcher.hears("online", within: 5_000)
        let over = Over()
        async let load: Void = Load(count: 0, perSecond: 60, door: .both).run(on: stage, "m") { over.isSo }
        await stage.loop.sleep(1_000)
        cluster.socket[0].stop()
        cluster.api[1].kill9()
        let stopped = Stopwatch.now
        // A good client misses its heartbeat and comes back elsewhere; another has not noticed anything.
        stage.clients[0].socket?.cut()
        #expect(await Stopwatch.wait(5_000) { stage.clients[0].isLive && stage.clients[0].ends.count == 1 })
        let offline = try await watcher.hears("offline", within: 15_000)
        #expect(
          try await Self.listed(cluster, within: 22_000 - (Stopwatch.now - stopped) / 1_000) { listed in
            !listed.contains("socket-0") && !listed.contains("api-1") && listed.contains("socket-1")
          })
        let forgotten = (Stopwatch.now - stopped) / 1_000
        await stage.loop.sleep(max(0, 30_000 - (Stopwatch.now - stopped) / 1_000))
        cluster.socket[0].cont()
        let online = try await watcher.hears("online", within: 15_000)
        #expect(try await Self.listed(cluster, within: 10_000) { $0.contains("socket-0") })
        await stage.loop.sleep(1_000)
        over.isSo = true
        await load
        #expect(try await stage.converge(within: 10_000))
        let check = try await stage.check()
        #expect(check.broken() == [])
        print(
          "F06: offline after \(offline) ms, off the list after \(forgotten) ms, online \(online) ms after CONT;",
          "its client's sockets ended with \(stage.clients[2].ends.map(\.code))")
        try await cluster.api[1].start()
      }
    }

    /// Four people in four rooms, the even ones on the first socket node.
    private static func crowd(_ stage: ClusterStage) async throws -> [Account] {
      var people: [Account] = []
      for name in ["ada", "bob", "cyd", "dan"] { people.append(try await stage.account(name)) }
      for number in 0..<4 { _ = try await stage.open(title: "room \(number)", members: people) }
      for (index, account) in people.enumerated() { try await stage.client(account, at: index % 2).goOnline() }
      return people
    }

    /// Waits until the list of nodes is as it should be, by `martlet doctor`.
    private static func listed(
      _ cluster: LocalCluster, within milliseconds: Int64, _ isRight: (Set<Substring>) -> Bool
    ) async throws -> Bool {
      let end = Stopwatch.now + milliseconds * 1_000
      while Stopwatch.now < end {
        let doctor = try cluster.command(["doctor"])
        _ = try await doctor.exitCode()
        let lines = doctor.output.split(separator: "\n").filter { $0.hasPrefix("     ") }
        if isRight(Set(lines.compactMap { $0.split(separator: " ").first })) { return true }
        try await Task.sleep(for: .milliseconds(300))
      }
      return false
    }
  }
}
