import ChatCore
import IORuntime
import Redis
import TestKit
import Testing

@testable import RedisBroker

/// reliability.md A3.3 (3): connections grow with masters, not with topics.
@Suite("Connections to a Redis cluster")
struct ClusterConnectionTests {
  @Test("are one that listens and one that speaks to each master, however many topics")
  func perMaster() async throws {
    try await RedisKind.cluster.play { redis in
      let cluster = try #require(redis as? PrivateRedisCluster)
      let settings = try RedisSettings(url: cluster.url)
      let masters = try await cluster.masters()
      try await onLoop { loop in
        let before = try Self.connections(masters)
        let client = RedisClient(loop: loop, settings: settings)
        let broker = RedisTopics(loop: loop, client: client, settings: settings, names: .standard)
        let listener = Listener()
        broker.attach(listener)
        client.start()
        broker.start()
        let rooms = (1...600).map { ConversationID(rawValue: Int64($0) << 12 | Int64($0 * 7 % 4_096)) }
        for room in rooms { broker.follow(.conversation(room)) }
        try await eventually(within: 10_000, on: loop) { listener.following.count >= rooms.count }
        for room in rooms { broker.publish([entry(1, in: room)]) }
        try await eventually(within: 10_000, on: loop) { listener.entries.count >= rooms.count }
        let now = try Self.connections(masters)
        #expect(masters.count == 3)
        for (was, are) in zip(before, now) {
          #expect(are.listening == was.listening + 1)
          #expect(are.others == was.others + 1)
        }
        client.close()
        broker.close()
      }
    }
  }

  /// How many clients listen at each master, and how many others there are; without replicas and who asks. Blocks.
  private static func connections(_ masters: [PrivateRedis]) throws -> [(listening: Int, others: Int)] {
    try masters.map { master in
      let list = try #require(master.ask("CLIENT LIST TYPE normal"))
      let listening = try #require(master.ask("CLIENT LIST TYPE pubsub"))
      let count = { (text: String) in
        text.split(separator: "\n").count { $0.contains(" addr=") && !$0.contains("cmd=client|list") }
      }
      return (count(listening), count(list))
    }
  }
}
