import IORuntime
import Testing
import TestKit

@testable import Redis

@Suite("A Redis subscriber")
struct RedisSubscriberTests {
  private typealias Body =
    @Sendable (any RedisUnderTest, RedisClient, RedisSubscriber, Ear, EventLoop) async throws -> Void

  /// A Redis, a client and a subscriber on one loop.
  private static func withParts(_ kind: RedisKind = .single, _ body: @escaping Body) async throws {
    try await kind.play { try await withParts(of: $0, body) }
  }

  /// The same on a Redis of the test's own, which begins with options that others' do not have.
  private static func withParts(
    _ kind: RedisKind, options: [String], user: (name: String, password: String)? = nil, _ body: @escaping Body
  ) async throws {
    let redis = try await kind.start(options: options)
    defer { redis.end() }
    try await withParts(of: redis, user: user, body)
  }

  /// `user`: as whom the subscriber comes in.
  private static func withParts(
    of redis: any RedisUnderTest, user: (name: String, password: String)? = nil, _ body: @escaping Body
  ) async throws {
    let settings = try RedisSettings(url: redis.url)
    var own = settings
    (own.user, own.password) = (user?.name, user?.password)
    try await onLoop { [own] loop in
      let client = RedisClient(loop: loop, settings: settings)
      let subscriber = RedisSubscriber(loop: loop, settings: own)
      let ear = Ear()
      subscriber.attach(ear)
      subscriber.start()
      client.start()
      try #require(await client.connected(within: 15_000))
      try await body(redis, client, subscriber, ear, loop)
      subscriber.close()
      client.close()
    }
  }

  private static func publish(_ text: String, on channel: String, _ client: RedisClient) async throws -> Int64? {
    try await client.command(RedisCommand("SPUBLISH", channel, text)).integer
  }

  /// Waits until nobody listens there: what was asked for by another connection may be heard of later.
  private static func deserted(_ channel: String, _ client: RedisClient, _ loop: EventLoop) async throws {
    let end = loop.now + 15_000
    while try await publish("?", on: channel, client) != 0 {
      try #require(loop.now < end, "somebody listens still")
      await loop.sleep(5)
    }
  }

  /// Waits until a count is reached, however slow the machine is, as long as it goes on.
  private static func reached(_ wanted: Int, on loop: EventLoop, _ count: () -> Int) async throws {
    while case let before = count(), before != wanted {
      try await eventually(within: 15_000, on: loop) { count() != before }
    }
  }

  private static func channelCount(_ client: RedisClient) async throws -> Int? {
    try await client.command(RedisCommand("PUBSUB", "SHARDCHANNELS")).elements?.count
  }

  @Test(
    "hears what is published after it was told that it is subscribed, and nothing after leaving",
    arguments: RedisKind.allCases)
  func basics(kind: RedisKind) async throws {
    try await Self.withParts(kind) { _, client, subscriber, ear, loop in
      subscriber.subscribe("{a}x")
      subscriber.subscribe("{b}y")
      try await eventually(within: 15_000, on: loop) { ear.subscribed.count == 2 }
      #expect(try await Self.publish("one", on: "{a}x", client) == 1)
      #expect(try await Self.publish("two", on: "{b}y", client) == 1)
      try await eventually(within: 15_000, on: loop) { ear.messages.count == 2 }
      // Two masters keep no order between them.
      #expect(Set(ear.messages.map { $0.channel + $0.payload }) == ["{a}xone", "{b}ytwo"])
      subscriber.unsubscribe("{a}x")
      subscriber.unsubscribe("{never}")
      try await Self.deserted("{a}x", client, loop)
      #expect(subscriber.channelCount == 1)
    }
  }

  @Test("while Redis is away, only what is wanted is remembered", arguments: RedisKind.allCases)
  func awayFromTheStart(kind: RedisKind) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let subscriber = RedisSubscriber(loop: loop, settings: settings)
        let ear = Ear()
        subscriber.attach(ear)
        for number in 0..<100 {
          subscriber.subscribe("{a}\(number)")
          await loop.sleep(0)
          if number > 2 { subscriber.unsubscribe("{a}\(number)") }
        }
        #expect(subscriber.channelCount == 3)
        subscriber.start()
        try await eventually(within: 15_000, on: loop) { ear.subscribed.count == 3 }
        #expect(Set(ear.subscribed) == ["{a}0", "{a}1", "{a}2"])
        subscriber.close()
      }
    }
  }

  @Test("coming, going and coming again ends as it was asked last, and is told", arguments: RedisKind.allCases)
  func flapping(kind: RedisKind) async throws {
    try await Self.withParts(kind) { _, client, subscriber, ear, loop in
      for _ in 0..<3 {
        subscriber.subscribe("c")
        subscriber.unsubscribe("c")
      }
      subscriber.subscribe("c")
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c"] }
      ear.forget()
      subscriber.unsubscribe("c")
      await loop.sleep(0)
      subscriber.subscribe("c")
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c"] }
      #expect(try await Self.publish("x", on: "c", client) == 1)
      ear.forget()
      subscriber.subscribe("c")
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c"] }
      subscriber.unsubscribe("c")
      try await Self.deserted("c", client, loop)
      #expect(subscriber.channelCount == 0)
    }
  }

  @Test("asks again for everything after kill -9 and restart, and after CLIENT KILL; each interruption is told once")
  func interruptions() async throws {
    try await Self.withParts { redis, client, subscriber, ear, loop in
      let channels = Set((0..<1_200).map { "{\($0 % 7)}c\($0)" })
      for channel in channels { subscriber.subscribe(channel) }
      try await eventually(within: 15_000, on: loop) { ear.subscribed.count == channels.count }
      ear.forget()
      redis.kill9()
      try await eventually(within: 15_000, on: loop) { ear.interruptions == 1 }
      subscriber.subscribe("later")
      try await redis.restart()
      let all = channels.union(["later"])
      try await eventually(within: 15_000, on: loop) { Set(ear.subscribed) == all }
      #expect(ear.subscribed.count == all.count)
      #expect(ear.interruptions == 1)
      try #require(await client.connected(within: 15_000))
      ear.forget()
      _ = try await client.command(RedisCommand("CLIENT", "KILL", "TYPE", "pubsub"))
      try await eventually(within: 15_000, on: loop) { Set(ear.subscribed) == all }
      #expect(ear.interruptions == 2)
      #expect(try await Self.publish("back", on: "later", client) == 1)
    }
  }

  @Test("follows 5,000 channels asked for at once, in batches")
  func many() async throws {
    try await Self.withParts { _, client, subscriber, ear, loop in
      for number in 0..<5_000 { subscriber.subscribe("{t}\(number)") }
      try await eventually(within: 15_000, on: loop) { ear.subscribed.count == 5_000 }
      #expect(subscriber.counters.sent == 10)
      let listed = try await Self.channelCount(client)
      #expect(listed == 5_000)
      for number in 0..<5_000 { subscriber.unsubscribe("{t}\(number)") }
      let end = loop.now + 15_000
      while try await Self.channelCount(client) != 0 {
        try #require(loop.now < end, "some channels are left")
        await loop.sleep(20)
      }
      #expect(subscriber.channelCount == 0)
    }
  }

  @Test("in a cluster sends the channels of a slot together: few commands, however many channels")
  func manySlots() async throws {
    try await Self.withParts(.cluster) { _, _, subscriber, ear, loop in
      for number in 0..<20_000 { subscriber.subscribe("{t\(number % 100)}\(number)") }
      try await Self.reached(20_000, on: loop) { ear.subscribed.count }
      #expect(subscriber.counters.sent == 100 && subscriber.counters.refused == 0)
      for number in 0..<20_000 { subscriber.unsubscribe("{t\(number % 100)}\(number)") }
      try await Self.reached(0, on: loop) { subscriber.channelCount }
      #expect(subscriber.counters.sent == 200)
    }
  }

  @Test("that is closed tells of no interruption, and can be started again", arguments: RedisKind.allCases)
  func closing(kind: RedisKind) async throws {
    try await Self.withParts(kind) { _, client, subscriber, ear, loop in
      subscriber.subscribe("c")
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c"] }
      subscriber.close()
      await loop.sleep(50)
      #expect(ear.interruptions == 0 && !subscriber.isConnected)
      subscriber.start()
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c", "c"] }
      #expect(try await Self.publish("x", on: "c", client) == 1)
    }
  }

  @Test("finds that Redis is stopped as soon as a client does", arguments: RedisKind.allCases)
  func stopped(kind: RedisKind) async throws {
    try await Self.withParts(kind) { redis, _, subscriber, ear, loop in
      subscriber.subscribe("c")
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c"] }
      ear.forget()
      redis.stop()
      let found = try await eventually(within: 15_000, on: loop) { ear.interruptions == 1 }
      redis.cont()
      #expect(found <= RedisClientTests.silence)
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c"] }
    }
  }

  @Test("that reads too slowly is cut off by Redis, and comes back", arguments: RedisKind.allCases)
  func slow(kind: RedisKind) async throws {
    let options = ["--client-output-buffer-limit", "pubsub", "1mb", "1mb", "1"]
    try await Self.withParts(kind, options: options) { _, client, subscriber, ear, loop in
      subscriber.subscribe("c")
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c"] }
      ear.forget()
      // More than the kernel's buffers and Redis' limit take, all in one tick: nobody reads meanwhile.
      let payload = String(repeating: "x", count: 1 << 20)
      for _ in 0..<7 { client.send(RedisCommand("SPUBLISH", "c", payload)) }
      try await eventually(within: 15_000, on: loop) { ear.interruptions >= 1 }
      // The rest of them may cut it off once more.
      _ = try await Self.publish("?", on: "c", client)
      await loop.sleep(200)
      try await eventually(within: 15_000, on: loop) { ear.subscribed.count == ear.interruptions }
      #expect(try await Self.publish("x", on: "c", client) == 1)
    }
  }

  @Test(
    "is refused a channel that its ACL user may not use, and gets it when he may", arguments: RedisKind.allCases)
  func refused(kind: RedisKind) async throws {
    let options = ["--user", "ada", "on", ">p", "~*", "resetchannels", "&mine*", "+@all"]
    try await Self.withParts(kind, options: options, user: ("ada", "p")) { redis, _, subscriber, ear, loop in
      subscriber.subscribe("yours")
      try await eventually(within: 15_000, on: loop) { subscriber.counters.refused >= 1 }
      #expect(subscriber.isConnected)
      for server in redis.servers { #expect(server.ask("ACL SETUSER ada &yours") == "OK") }
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["yours"] }
    }
  }
}
