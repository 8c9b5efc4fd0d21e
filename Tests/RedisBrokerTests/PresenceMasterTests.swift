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
    let first = (0..<48).map { UserID(counter: 5_000 + Int64($0), bucket: Bucket(folding: UInt64(7 + 97 * $0))) }
    let users = first + first.map { UserID(counter: 6_000, bucket: $0.bucket) }
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
        for user in first { desk.arrived(user) }
        try await eventually(within: 15_000, on: loop) { ways == 3 && node.counters.said >= first.count }
        try #require(await client.connected(within: 15_000))
        let there = users.filter {
          client.master(of: PresenceShare(of: $0).online(.standard))?.port == master.port
        }
        try #require(!there.isEmpty && there.count < users.count)
        try await Self.settle(Array(users.dropFirst(first.count)), at: desk, loop)
        let before = node.counters.said
        try await master.killClients()
        try await eventually(within: 15_000, on: loop) { node.counters.said - before >= there.count }
        await loop.sleep(3 * PresenceContract.times.tick)
        #expect(node.counters.said - before == there.count)
        node.close()
        await loop.sleep(50)
        client.close()
      }
    }
  }

  /// Waits until nothing is left to be said of the shares of users who come now: what the masters' first connections
  /// put in doubt is said before them or with them, however late a busy Redis answers.
  private static func settle(_ users: [UserID], at desk: any PresenceDirectory, _ loop: EventLoop) async throws {
    for user in users { desk.arrived(user) }
    let end = loop.now + 15_000
    while await desk.presence(of: users).count(where: { $0.status == .online }) < users.count {
      try #require(loop.now < end, "they are not said to be there")
      await loop.sleep(10)
    }
    // Redis has done it; its answers are on their way.
    await loop.sleep(3 * PresenceContract.times.tick)
  }

  @Test("a node says its users of a share again when the share's master was lost, and no others")
  func saidAgain() async throws {
    let ada = UserID(counter: 5_000, bucket: Bucket(folding: 7))
    try await RedisKind.cluster.play { redis in
      let settings = try RedisSettings(url: redis.url)
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
        desk.arrived(ada)
        try await eventually(within: 15_000, on: loop) { ways == 3 && node.counters.said >= 1 }
        try #require(await client.connected(within: 15_000))
        let key = try #require(try await redis.keys().first { $0.contains("p:at:a.") })
        try await Self.settle([UserID(counter: 6_000, bucket: ada.bucket)], at: desk, loop)
        let before = node.counters.said
        #expect(try await client.command(RedisCommand("DEL", key)) == .integer(1))
        await loop.sleep(3 * PresenceContract.times.tick)
        #expect(try await client.command(RedisCommand("EXISTS", key)) == .integer(0))
        // The master is lost and comes back knowing less: here, only its listeners lose it.
        try await redis.killPubSubClients()
        try await eventually(within: 15_000, on: loop) { node.counters.said == before + 2 }
        #expect(try await client.command(RedisCommand("SISMEMBER", key, "\(ada.rawValue)")) == .integer(1))
        #expect(node.counters.begunAnew == 0)
        node.close()
        await loop.sleep(50)
        client.close()
      }
    }
  }
}
