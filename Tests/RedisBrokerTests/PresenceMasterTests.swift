import ChatCore
import IORuntime
import Redis
import TestKit
import Testing

@testable import RedisBroker

@Suite("Presence over several masters")
struct PresenceMasterTests {
  @Test("when the way to one master was lost and is back, the users that it has are said again, and no others")
  func oneMasterBack() async throws {
    let users = (0..<48).map { UserID(counter: 5_000 + Int64($0), bucket: Bucket(folding: UInt64(7 + 97 * $0))) }
    try await RedisKind.cluster.play { redis in
      let cluster = try #require(redis as? PrivateRedisCluster)
      let settings = try RedisSettings(url: redis.url)
      let master = try await cluster.masters()[0]
      try await onLoop { loop in
        var limits = PresenceLimits()
        limits.times = PresenceContract.times
        var ways = 0
        let node = RedisPresence(loop: loop, settings: settings, node: "a", limits: limits) { change in
          if case .connected = change { ways += 1 }
        }
        let client = RedisClient(loop: loop, settings: settings)
        node.start()
        client.start()
        let desk = node.directory(on: loop)
        for user in users { desk.arrived(user) }
        try await eventually(within: 5_000, on: loop) { ways == 3 && node.counters.said >= users.count }
        try #require(await client.connected(within: 3_000))
        let there = users.filter {
          client.master(of: PresenceShare(of: $0).online(.standard))?.port == master.port
        }
        try #require(!there.isEmpty && there.count < users.count)
        // What the masters' first connections put in doubt has been said.
        await loop.sleep(3 * PresenceContract.times.tick)
        let before = node.counters.said
        try await master.killClients()
        try await eventually(within: 5_000, on: loop) { node.counters.said - before >= there.count }
        await loop.sleep(3 * PresenceContract.times.tick)
        #expect(node.counters.said - before == there.count)
        node.close()
        await loop.sleep(50)
        client.close()
      }
    }
  }

  @Test("a node says its users of a share again when the share's master was lost, and no others")
  func saidAgain() async throws {
    let ada = UserID(counter: 5_000, bucket: Bucket(folding: 7))
    try await RedisKind.cluster.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        var limits = PresenceLimits()
        limits.times = PresenceContract.times
        let node = RedisPresence(loop: loop, settings: settings, node: "a", limits: limits)
        let client = RedisClient(loop: loop, settings: settings)
        node.start()
        client.start()
        let desk = node.directory(on: loop)
        desk.arrived(ada)
        try await eventually(within: 5_000, on: loop) { node.counters.said == 1 }
        try #require(await client.connected(within: 3_000))
        let key = try #require(try await redis.keys().first { $0.contains("p:at:a.") })
        #expect(try await client.command(RedisCommand("DEL", key)) == .integer(1))
        await loop.sleep(3 * PresenceContract.times.tick)
        #expect(try await client.command(RedisCommand("EXISTS", key)) == .integer(0))
        // The master is lost and comes back knowing less: here, only its listeners lose it.
        try await redis.killPubSubClients()
        try await eventually(within: 5_000, on: loop) { node.counters.said == 2 }
        #expect(try await client.command(RedisCommand("SISMEMBER", key, "\(ada.rawValue)")) == .integer(1))
        #expect(node.counters.begunAnew == 0)
        node.close()
        await loop.sleep(50)
        client.close()
      }
    }
  }
}
