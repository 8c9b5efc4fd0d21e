import ChatCore
import EntryText
import IORuntime
import Redis
import TestKit
import Testing

@testable import RedisBroker

/// One loop's broker with what it needs.
private struct Station {
  let client: RedisClient
  let broker: RedisTopics
  let listener = Listener()

  init(_ loop: EventLoop, _ settings: RedisSettings, names: TopicNames = .standard) {
    client = RedisClient(loop: loop, settings: settings)
    broker = RedisTopics(loop: loop, client: client, settings: settings, names: names)
    broker.attach(listener)
    client.start()
    broker.start()
  }

  func follow(_ topics: [Topic], on loop: EventLoop) async throws {
    let before = listener.following.count
    for topic in topics { broker.follow(topic) }
    try await eventually(within: 15_000, on: loop) { listener.following.count >= before + topics.count }
  }

  func close() {
    client.close()
    broker.close()
  }
}

@Suite("Topics in Redis")
struct RedisTopicsTests {
  static let here = PayloadTests.here
  static let there = PayloadTests.there

  private static func withRedis(
    _ kind: RedisKind, _ body: @escaping @Sendable (any RedisUnderTest, RedisSettings, EventLoop) async throws -> Void
  ) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in try await body(redis, settings, loop) }
    }
  }

  @Test(
    "entries published on one loop reach another that follows their conversation, in one message a tick",
    arguments: RedisKind.allCases)
  func twoLoops(kind: RedisKind) async throws {
    try await Self.withRedis(kind) { _, settings, near in
      let listening = Station(near, settings)
      try await listening.follow([.conversation(Self.here)], on: near)
      let published = try await onLoop { far in
        let speaking = Station(far, settings)
        try await eventually(within: 15_000, on: far) { speaking.client.isConnected }
        speaking.broker.publish([entry(1, in: Self.here), entry(1, in: Self.there)])
        speaking.broker.publish([entry(2, in: Self.here)])
        speaking.broker.announce(.typing(Self.here, PayloadTests.ada))
        await far.sleep(50)
        let counters = speaking.broker.counters
        speaking.close()
        return counters
      }
      #expect(published.entriesPublished == 3)
      #expect(published.payloadsPublished == 2)
      #expect(published.signalsPublished == 1)
      try await eventually(within: 15_000, on: near) { listening.listener.signals.count == 1 }
      #expect(listening.listener.batches == 1)
      #expect(listening.broker.counters.entriesReceived == 2)
      #expect(listening.listener.entries == [entry(1, in: Self.here), entry(2, in: Self.here)])
      listening.close()
    }
  }

  @Test("an entry is one SPUBLISH, however many nodes follow its conversation", arguments: RedisKind.allCases)
  func onePublish(kind: RedisKind) async throws {
    try await Self.withRedis(kind) { redis, settings, loop in
      let stations = (0..<6).map { _ in Station(loop, settings) }
      for station in stations { try await station.follow([.conversation(Self.here)], on: loop) }
      try await eventually(within: 15_000, on: loop) { stations.allSatisfy(\.client.isConnected) }
      for server in redis.servers { #expect(server.ask("CONFIG RESETSTAT") == "OK") }
      for seq in 1...3 {
        stations[0].broker.publish([entry(Int64(seq), in: Self.here)])
        try await eventually(within: 15_000, on: loop) { stations.allSatisfy { $0.listener.entries.count == seq } }
      }
      let calls = redis.servers.compactMap { server in
        (server.ask("INFO commandstats") ?? "").firstMatch(of: /cmdstat_spublish:calls=(\d+),/).flatMap { Int($0.1) }
      }
      #expect(calls == [3])
      for station in stations { station.close() }
    }
  }

  @Test("the contract holds", arguments: RedisKind.allCases, BrokerContract.all)
  func contract(kind: RedisKind, _ rule: BrokerContract.Case) async throws {
    try await Self.withRedis(kind) { redis, settings, loop in
      let stations = [Station(loop, settings), Station(loop, settings)]
      try await eventually(within: 15_000, on: loop) { stations.allSatisfy(\.client.isConnected) }
      let under = BrokersUnderTest(loop: loop, brokers: stations.map(\.broker)) { _ in
        Task { try? await redis.killPubSubClients() }
      }
      try await rule.run(under)
      for station in stations { station.close() }
    }
  }

  @Test(
    "a signing out reaches those who follow the user, and after leaving nothing is heard", arguments: RedisKind.allCases
  )
  func signals(kind: RedisKind) async throws {
    try await Self.withRedis(kind) { _, settings, loop in
      let station = Station(loop, settings)
      try await station.follow([.user(PayloadTests.ada.id), .conversation(Self.here)], on: loop)
      try await eventually(within: 15_000, on: loop) { station.client.isConnected }
      for signal in PayloadTests.signals { station.broker.announce(signal) }
      try await eventually(within: 15_000, on: loop) { station.listener.signals.count == PayloadTests.signals.count }
      #expect(station.listener.signals == PayloadTests.signals)
      station.broker.unfollow(.conversation(Self.here))
      await loop.sleep(30)
      station.listener.forget()
      station.broker.publish([entry(1, in: Self.here)])
      await loop.sleep(50)
      #expect(station.listener.entries.isEmpty)
      station.close()
    }
  }

  @Test(
    "after kill -9 and restart, and after CLIENT KILL, the interruption is told once and every topic again",
    arguments: RedisKind.allCases)
  func interruptions(kind: RedisKind) async throws {
    try await Self.withRedis(kind) { redis, settings, loop in
      let station = Station(loop, settings)
      let topics = (1...300).map {
        Topic.conversation(ConversationID(counter: $0, bucket: Bucket(folding: UInt64($0))))
      }
      try await station.follow(topics, on: loop)
      station.listener.forget()
      redis.kill9()
      let channel = TopicNames.standard.channel(of: .conversation(Self.here))
      try await eventually(within: 15_000, on: loop) {
        station.listener.interruptions(of: topics) == [1] && !station.client.isConnected(for: channel)
      }
      station.broker.publish([entry(1, in: Self.here)])
      await loop.sleep(5)
      #expect(station.broker.counters.dropped == 1)
      try await redis.restart()
      try await eventually(within: 15_000, on: loop) { Set(station.listener.following) == Set(topics) }
      #expect(station.listener.interruptions(of: topics) == [1])
      try await eventually(within: 15_000, on: loop) { station.client.isConnected }
      station.listener.forget()
      try await redis.killPubSubClients()
      try await eventually(within: 15_000, on: loop) { Set(station.listener.following) == Set(topics) }
      #expect(station.listener.interruptions(of: topics) == [2])
      station.close()
    }
  }

  @Test("5,000 topics are followed at once, and each is told", arguments: RedisKind.allCases)
  func many(kind: RedisKind) async throws {
    try await Self.withRedis(kind) { _, settings, loop in
      let station = Station(loop, settings)
      let topics = (1...5_000).map {
        Topic.conversation(ConversationID(counter: $0, bucket: Bucket(folding: UInt64($0))))
      }
      try await station.follow(topics, on: loop)
      #expect(Set(station.listener.following) == Set(topics))
      station.close()
    }
  }

  @Test(
    "what a foreign publisher says is counted and dropped, and does not disturb what follows",
    arguments: RedisKind.allCases)
  func garbage(kind: RedisKind) async throws {
    try await Self.withRedis(kind) { _, settings, loop in
      let station = Station(loop, settings)
      try await station.follow([.conversation(Self.here)], on: loop)
      try await eventually(within: 15_000, on: loop) { station.client.isConnected }
      let channel = TopicNames.standard.channel(of: .conversation(Self.here))
      let foreign = EntryText.payload(of: [entry(1, in: Self.there)], in: Self.there)
      for payload in [Array("garbage".utf8), [], [0xFF, 0], Array(#"{"v":9}"#.utf8), foreign] {
        var command = RedisCommand("SPUBLISH", channel)
        command.append(payload)
        station.client.send(command)
      }
      station.broker.publish([entry(7, in: Self.here)])
      try await eventually(within: 15_000, on: loop) { station.listener.entries.count == 1 }
      #expect(station.listener.entries == [entry(7, in: Self.here)])
      #expect(station.broker.counters.malformed == 4)
      #expect(station.broker.counters.foreign == 1)
      #expect(station.listener.interruptions.isEmpty)
      station.close()
    }
  }

  @Test("clusters with different prefixes on one Redis do not hear each other", arguments: RedisKind.allCases)
  func prefixes(kind: RedisKind) async throws {
    try await Self.withRedis(kind) { _, settings, loop in
      let names = try #require(TopicNames(prefix: "other:"))
      let ours = Station(loop, settings)
      let theirs = Station(loop, settings, names: names)
      try await ours.follow([.conversation(Self.here)], on: loop)
      try await theirs.follow([.conversation(Self.here)], on: loop)
      try await eventually(within: 15_000, on: loop) { ours.client.isConnected }
      ours.broker.publish([entry(1, in: Self.here)])
      try await eventually(within: 15_000, on: loop) { ours.listener.entries.count == 1 }
      #expect(theirs.listener.entries.isEmpty)
      ours.close()
      theirs.close()
    }
  }

  @Test("long runs are cut by number and by bytes, in order; a single long entry still leaves")
  func runs() {
    let many = (1...300).map { entry(Int64($0), in: Self.here) }
    #expect(Outbox.runs(of: many).map(\.count) == [256, 44])
    let long = (1...9).map { entry(Int64($0), in: Self.here, text: String(repeating: "x", count: 16_384)) }
    #expect(Outbox.runs(of: long).map(\.count) == [7, 2])
    let huge = entry(1, in: Self.here, text: String(repeating: "x", count: 200_000))
    #expect(Outbox.runs(of: [huge, huge]).map(\.count) == [1, 1])
    #expect(Outbox.runs(of: []).isEmpty)
    #expect(Outbox.runs(of: many + long).flatMap { $0 } == many + long)
  }
}
