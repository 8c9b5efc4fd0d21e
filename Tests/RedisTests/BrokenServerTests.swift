import IORuntime
import TestKit
import Testing

@testable import Redis

@Suite("A server that is not what it should be")
struct BrokenServerTests {
  @Test(
    "is left when it answers what is no reply, and who waited is told",
    arguments: [
      "hello\r\n", "$-2\r\n", "*2147483648\r\n", "*1000000\r\n", ":99999999999999999999\r\n", "%1\r\n+a\r\n+b\r\n",
      "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "\0",
    ])
  func garbage(text: String) async throws {
    try await onLoop { loop in
      let fake = try FakeRedis(loop: loop) { _ in Array(text.utf8) }
      let client = RedisClient(loop: loop, settings: fake.settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      await #expect(throws: RedisError.connectionLost) { try await client.command(RedisCommand("GET", "a")) }
      guard case .broken = client.counters.lastError else {
        Issue.record("\(String(describing: client.counters.lastError))")
        return
      }
      try #require(await client.connected(within: 15_000))
      client.close()
      fake.close()
    }
  }

  @Test("is left when it answers what nobody asked, or a PING with something else")
  func unasked() async throws {
    try await onLoop { loop in
      let fake = try FakeRedis(loop: loop) { _ in Array("+WHAT\r\n".utf8) }
      var settings = fake.settings
      // Long enough to say something before it on a busy machine.
      settings.pingInterval = 1_500
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      fake.say("+OK\r\n")
      try await eventually(within: 15_000, on: loop) { client.counters.losses == 1 }
      #expect(client.counters.lastError == .broken("a reply that nothing asked for"))
      try await eventually(within: 15_000, on: loop) { client.counters.losses == 2 }
      #expect(client.counters.lastError == .broken("the answer to PING is no PONG"))
      client.close()
      fake.close()
    }
  }

  @Test("is asked again elsewhere when it has become a replica")
  func readOnly() async throws {
    try await onLoop { loop in
      let fake = try FakeRedis(loop: loop) { _ in Array("-READONLY You can't write.\r\n".utf8) }
      let client = RedisClient(loop: loop, settings: fake.settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      let error = await #expect(throws: RedisError.self) { try await client.command(RedisCommand("SET", "a", "b")) }
      #expect(error?.code == "READONLY")
      try await eventually(within: 15_000, on: loop) { fake.accepted == 2 }
      client.close()
      fake.close()
    }
  }

  /// It was come back to at once, some hundred times a second, with two lines of the log each time.
  @Test("is come back to more and more slowly while each connection ends with the first command")
  func refusing() async throws {
    try await onLoop { loop in
      let fake = try FakeRedis(loop: loop) { _ in Array("-READONLY You can't write.\r\n".utf8) }
      var settings = fake.settings
      (settings.backoff.first, settings.backoff.most) = (1, 60_000)
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      for _ in 0..<500 {
        client.send(RedisCommand("SET", "a", "b"))
        await loop.sleep(1)
      }
      #expect((2..<40).contains(fake.accepted))
      client.close()
      fake.close()
    }
  }

  /// Whoever kills connections again and again had each stay away for longer, up to 2 s.
  @Test("is come back to at once when each connection has answered and was there for a while before it ended")
  func killing() async throws {
    try await onLoop { loop in
      let fake = try FakeRedis(loop: loop) { _ in Array("+OK\r\n".utf8) }
      fake.hangsUp = true
      var settings = fake.settings
      (settings.backoff.first, settings.backoff.most, settings.backoff.served) = (1, 60_000, 0)
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try await eventually(within: 20_000, on: loop) {
        client.send(RedisCommand("SET", "a", "b"))
        return fake.accepted >= 30
      }
      client.close()
      fake.close()
    }
  }

  /// It was come back to without a pause, by each loop of each node some forty times a second.
  @Test("is come back to more and more slowly while each connection ends with the first answer")
  func breakingOff() async throws {
    try await onLoop { loop in
      let fake = try FakeRedis(loop: loop) { _ in Array("+OK\r\n".utf8) }
      fake.hangsUp = true
      var settings = fake.settings
      (settings.backoff.first, settings.backoff.most, settings.backoff.served) = (1, 60_000, 60_000)
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      for _ in 0..<500 {
        client.send(RedisCommand("SET", "a", "b"))
        await loop.sleep(1)
      }
      #expect((2..<40).contains(fake.accepted))
      client.close()
      fake.close()
    }
  }

  @Test("that takes a channel away is asked for it again; what it takes that nobody has is ignored")
  func takenAway() async throws {
    try await onLoop { loop in
      let confirmation = "*3\r\n$10\r\nssubscribe\r\n$1\r\nc\r\n:1\r\n"
      let fake = try FakeRedis(loop: loop) { $0.contains("SSUBSCRIBE") ? Array(confirmation.utf8) : [] }
      let subscriber = RedisSubscriber(loop: loop, settings: fake.settings)
      let ear = Ear()
      subscriber.attach(ear)
      subscriber.start()
      subscriber.subscribe("c")
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c"] }
      fake.say("*3\r\n$12\r\nsunsubscribe\r\n$1\r\nx\r\n:1\r\n*3\r\n$12\r\nsunsubscribe\r\n$1\r\nc\r\n:0\r\n")
      try await eventually(within: 15_000, on: loop) { ear.subscribed == ["c", "c"] }
      #expect(ear.interruptions == 0)
      fake.say("*3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n")
      try await eventually(within: 15_000, on: loop) { ear.messages.count == 1 }
      subscriber.close()
      fake.close()
    }
  }

  @Test(
    "is left when it confirms something else, or sends messages of a wrong shape",
    arguments: [
      "*3\r\n$10\r\nssubscribe\r\n$1\r\nd\r\n:1\r\n", "*3\r\n$10\r\nssubscribe\r\n:1\r\n:1\r\n",
      "*3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n:1\r\n", "*2\r\n$8\r\nsmessage\r\n$1\r\nc\r\n", "*0\r\n", ":1\r\n",
      "*3\r\n*0\r\n*0\r\n*0\r\n",
    ])
  func wrongConfirmation(text: String) async throws {
    try await onLoop { loop in
      let fake = try FakeRedis(loop: loop) { $0.contains("SSUBSCRIBE") ? Array(text.utf8) : [] }
      let subscriber = RedisSubscriber(loop: loop, settings: fake.settings)
      let ear = Ear()
      subscriber.attach(ear)
      subscriber.start()
      subscriber.subscribe("c")
      try await eventually(within: 15_000, on: loop) { ear.interruptions >= 1 }
      #expect(ear.subscribed.isEmpty && ear.messages.isEmpty)
      subscriber.close()
      fake.close()
    }
  }

  @Test("cannot do harm with random bytes")
  func random() async throws {
    try await onLoop { loop in
      let alphabet = Array("+-:$*0123456789\r\n\r\nsmessage".utf8)
      let fake = try FakeRedis(loop: loop) { _ in (0..<30).map { _ in alphabet.randomElement() ?? 0 } }
      var settings = fake.settings
      settings.backoff.most = 1
      settings.replyDeadline = 50
      let client = RedisClient(loop: loop, settings: settings)
      let subscriber = RedisSubscriber(loop: loop, settings: settings)
      let ear = Ear()
      subscriber.attach(ear)
      client.start()
      subscriber.start()
      for number in 0..<300 {
        subscriber.subscribe("\(number)")
        client.send(RedisCommand("GET", "a"))
        if number % 3 == 0 { await loop.sleep(3) }
      }
      try await eventually(within: 15_000, on: loop) { client.counters.losses + subscriber.counters.losses > 10 }
      client.close()
      subscriber.close()
      fake.close()
    }
  }
}
