import Glibc
import IORuntime
import TestKit
import Testing

extension ClusterTests {
  /// Load while one thing after another fails, chosen by a seed.
  struct SoakTests {
    private static func number(_ name: String, _ standard: UInt64) -> UInt64 {
      getenv(name).flatMap { UInt64(String(cString: $0)) } ?? standard
    }

    /// What can happen to a cluster that it has to survive by itself.
    private enum Trouble: String, CaseIterable {
      case socketKilled, apiKilled, redisKilled, redisStopped, socketStopped, apiStopped, postgresKilled, socketDrained
      /// One server of a Redis cluster, master or replica.
      case redisServerKilled, redisServerStopped

      static func all(on redis: RedisKind) -> [Trouble] {
        allCases.filter { redis == .cluster || $0 != .redisServerKilled && $0 != .redisServerStopped }
      }

      func strike(_ cluster: LocalCluster, _ loop: EventLoop, _ dice: inout SeededDice) async throws {
        let which = Int(dice.next() % 2)
        let pause = Int64(dice.next() % 1_200)
        switch self {
        case .socketKilled: cluster.socket[which].kill9()
        case .apiKilled: cluster.api[which].kill9()
        case .redisKilled: cluster.redis.kill9()
        case .redisStopped: cluster.redis.stop()
        case .redisServerKilled, .redisServerStopped:
          let servers = cluster.redis.servers
          let server = servers[Int(dice.next() % UInt64(servers.count))]
          if self == .redisServerKilled { server.kill9() } else { server.stop() }
          // Sometimes long enough for its replica to take its place.
          await loop.sleep(pause * 4)
        case .socketStopped: cluster.socket[which].stop()
        case .apiStopped: cluster.api[which].stop()
        case .postgresKilled: try await cluster.crashPostgres()
        case .socketDrained:
          cluster.socket[which].term()
          _ = await cluster.socket[which].waitForExit(8_000)
        }
        await loop.sleep(pause)
        try await cluster.heal()
      }
    }

    /// `MARTLET_TEST_SOAK_S` seconds (12), `MARTLET_TEST_SEED` brings a run's troubles back.
    @Test func `whatever fails while people talk, the promise is kept`() async throws {
      let seconds = Self.number("MARTLET_TEST_SOAK_S", 12)
      let seed = Self.number("MARTLET_TEST_SEED", .random(in: 0 ... .max))
      let cluster = try await SharedCluster.killable()
      try await ClusterStage.play(on: cluster) { stage in
        var dice = SeededDice(seed: seed)
        var people: [Account] = []
        for name in ["ada", "bob", "cyd", "dan"] { people.append(try await stage.account(name)) }
        for number in 0..<6 { _ = try await stage.open(title: "room \(number)", members: people) }
        for (index, account) in people.enumerated() { try await stage.client(account, at: index % 2).goOnline() }
        async let load: Void = Load(count: Int(seconds) * 120, perSecond: 120, door: .both).run(on: stage)
        let end = Stopwatch.now + Moment(seconds) * 1_000_000
        let all = Trouble.all(on: cluster.redis.kind)
        var troubles: [String] = []
        while Stopwatch.now < end - 2_000_000 {
          let trouble = all[Int(dice.next() % UInt64(all.count))]
          troubles.append(trouble.rawValue)
          try await trouble.strike(cluster, stage.loop, &dice)
          await stage.loop.sleep(Int64(dice.next() % 1_000))
        }
        await load
        #expect(try await stage.converge(within: 10_000), "seed \(seed): \(troubles)")
        let check = try await stage.check()
        #expect(check.broken() == [], "seed \(seed): \(troubles)")
        print("soak, seed \(seed), \(troubles):", HistoryCheck.describe(check.delays()))
        print("  median of each half second:", check.timeline())
      }
    }
  }
}
