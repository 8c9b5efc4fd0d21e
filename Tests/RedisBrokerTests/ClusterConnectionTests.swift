import ChatCore
import IORuntime
import Redis
import TestKit
import Testing

@testable import RedisBroker

/// reliability.md A3.3 (3): connections grow with masters, not with topics.
@Suite("Connections to a Redis cluster")
struct ClusterConnectionTests {
  @Test("of a loop are one that listens and one that speaks to each master, however many topics")
  func perMaster() async throws {
    try await RedisKind.cluster.play { redis in
      let cluster = try #require(redis as? PrivateRedisCluster)
      var settings = try RedisSettings(url: cluster.url)
      // Connections of the test before may still be there, or just going.
      let name = "counted-\(UInt32.random(in: 0 ... .max))"
      settings.clientName = name
      let masters = try await cluster.masters()
      try await onLoop { [settings] loop in
        let client = RedisClient(loop: loop, settings: settings)
        let broker = RedisTopics(loop: loop, client: client, settings: settings, names: .standard)
        let listener = Listener()
        broker.attach(listener)
        client.start()
        broker.start()
        let rooms = (1...600).map { ConversationID(rawValue: Int64($0) << 12 | Int64($0 * 7 % 4_096)) }
        for room in rooms { broker.follow(.conversation(room)) }
        try await eventually(within: 15_000, on: loop) { listener.following.count >= rooms.count }
        for room in rooms { broker.publish([entry(1, in: room)]) }
        try await eventually(within: 15_000, on: loop) { listener.entries.count >= rooms.count }
        #expect(masters.count == 3)
        let end = loop.now + 15_000
        var now = try Self.connections(named: name, masters)
        // Who asks for the map comes and goes.
        while !now.allSatisfy({ $0 == (1, 1) }), EventLoop.monotonicMilliseconds() < end {
          await loop.sleep(50)
          now = try Self.connections(named: name, masters)
        }
        for are in now { #expect(are == (listening: 1, others: 1)) }
        client.close()
        broker.close()
      }
    }
  }

  /// How many clients of that name listen at each master, and how many others there are. Blocks.
  private static func connections(
    named name: String, _ masters: [PrivateRedis]
  ) throws -> [(listening: Int, others: Int)] {
    try masters.map { master in
      let list = try #require(master.ask("CLIENT LIST TYPE normal"))
      let listening = try #require(master.ask("CLIENT LIST TYPE pubsub"))
      let count = { (text: String) in
        text.split(separator: "\n").count { $0.contains(" name=\(name) ") }
      }
      return (count(listening), count(list))
    }
  }
}
