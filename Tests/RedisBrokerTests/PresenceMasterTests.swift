import ChatCore
import IORuntime
import Redis
import TestKit
import Testing

@testable import RedisBroker

@Suite("Presence over several masters")
struct PresenceMasterTests {
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
