import IORuntime
import Testing
import TestKit

@testable import Redis

@Suite("A Redis client")
struct RedisClientTests {
  /// Milliseconds after which a stopped Redis is found: a PING that is due, and its deadline.
  private static let promised: Int64 = {
    let settings = RedisSettings(host: "127.0.0.1")
    return settings.pingInterval + settings.pingDeadline
  }()
  /// With what a busy machine adds to it.
  static let silence = promised + 4_000

  @Test("gives each command its own reply, however many are under way", arguments: RedisKind.allCases)
  func pipelined(kind: RedisKind) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      let replies = try await onLoop { loop in
        let client = RedisClient(loop: loop, settings: settings)
        client.start()
        try #require(await client.connected(within: 15_000))
        var replies: [Int] = []
        for number in 0..<2_000 {
          try client.submit(RedisCommand("ECHO", String(number))) { result in
            if let text = (try? result.get())?.text, let value = Int(text) { replies.append(value) }
          }
        }
        #expect(try await client.command(RedisCommand("SET", "a", "\r\n")) == .status("OK"))
        #expect(try await client.command(RedisCommand("GET", "a")) == .bulk([13, 10]))
        #expect(try await client.command(RedisCommand("GET", "b")) == .null)
        #expect(try await client.command(RedisCommand("INCR", "n")) == .integer(1))
        client.close()
        return replies
      }
      #expect(replies == Array(0..<2_000))
    }
  }

  @Test("throws a refusal in Redis' words, and goes on", arguments: RedisKind.allCases)
  func refusal(kind: RedisKind) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let client = RedisClient(loop: loop, settings: settings)
        client.start()
        try #require(await client.connected(within: 15_000))
        let error = await #expect(throws: RedisError.self) { try await client.command(RedisCommand("NONSENSE")) }
        #expect(error?.code == "ERR")
        #expect(try await client.command(RedisCommand("PING")) == .status("PONG"))
        #expect(client.counters.connects == (kind == .single ? 1 : 3))
        client.close()
      }
    }
  }

  @Test("signs in as the ACL user of the URL and chooses its database; a wrong password is told")
  func signIn() async throws {
    let redis = try PrivateRedis(options: [
      "--user", "ada", "on", ">s@cret", "~*", "&*", "+@all", "--user", "default", "off",
    ])
    defer { redis.end() }
    let right = try RedisSettings(url: "redis://ada:s%40cret@127.0.0.1:\(redis.port)/3")
    let wrong = try RedisSettings(url: "redis://ada:nope@127.0.0.1:\(redis.port)")
    try await onLoop { loop in
      let client = RedisClient(loop: loop, settings: right)
      client.start()
      try #require(await client.connected(within: 15_000))
      #expect(try await client.command(RedisCommand("ACL", "WHOAMI")).text == "ada")
      #expect(try await client.command(RedisCommand("CLIENT", "INFO")).text?.contains(" db=3 ") == true)
      client.close()

      let refused = RedisClient(loop: loop, settings: wrong)
      refused.start()
      try await eventually(within: 15_000, on: loop) { refused.counters.lastError != nil }
      #expect(refused.counters.lastError?.code == "WRONGPASS")
      #expect(await refused.connected(within: 300) == false)
      refused.close()
    }
  }

  @Test("fails at once while Redis is away, and works again soon after it is back", arguments: RedisKind.allCases)
  func away(kind: RedisKind) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let client = RedisClient(loop: loop, settings: settings)
        client.start()
        try #require(await client.connected(within: 15_000))
        redis.kill9()
        try await eventually(within: 15_000, on: loop) { client.masters.allSatisfy { !$0.isConnected } }
        // At once: it throws what is not sent, and nobody is called later.
        #expect(throws: RedisError.unavailable) {
          try client.submit(RedisCommand("PING")) { _ in Issue.record("it was sent") }
        }
        await #expect(throws: RedisError.unavailable) { try await client.command(RedisCommand("PING")) }
        #expect(client.send(RedisCommand("PING")) == false)
        try await redis.restart()
        #expect(await client.connected(within: 15_000))
        #expect(try await client.command(RedisCommand("PING")) == .status("PONG"))
        #expect(client.counters.losses == (kind == .single ? 1 : 3))
        client.close()
      }
    }
  }

  @Test("gives up a connection that has let one deadline pass, so that no late reply meets another question")
  func deadline() async throws {
    let redis = try PrivateRedis()
    defer { redis.end() }
    let settings = try RedisSettings(url: redis.url)
    try await onLoop { loop in
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      var behind: Result<RedisReply, RedisError>?
      let start = EventLoop.monotonicMilliseconds()
      try client.submit(RedisCommand("DEBUG", "SLEEP", "4"), deadline: 200) { _ in }
      try client.submit(RedisCommand("ECHO", "late")) { behind = $0 }
      await #expect(throws: RedisError.timedOut) { try await client.command(RedisCommand("PING"), deadline: 100) }
      #expect((90..<3_500).contains(EventLoop.monotonicMilliseconds() - start), "the server's answer was waited for")
      #expect(behind == .failure(.connectionLost))
      #expect(await client.connected(within: 15_000))
      #expect(try await client.command(RedisCommand("ECHO", "mine")).text == "mine")
      client.close()
    }
  }

  @Test("promises to find within 7 s that Redis is stopped")
  func promise() { #expect(Self.promised <= 7_000) }

  @Test("finds that Redis is stopped, and drops instead of waiting once its queue is full")
  func stopped() async throws {
    let redis = try PrivateRedis()
    defer { redis.end() }
    var settings = try RedisSettings(url: redis.url)
    settings.pendingMax = 100
    settings.replyDeadline = 60_000
    try await onLoop { [settings] loop in
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      redis.stop()
      let sent = (0..<300).filter { _ in client.send(RedisCommand("PUBLISH", "a", "b")) }.count
      #expect(sent == 100)
      #expect(client.counters.dropped == 200)
      client.close()

      let quiet = RedisClient(loop: loop, settings: RedisSettings(host: "127.0.0.1", port: redis.port))
      redis.cont()
      quiet.start()
      try #require(await quiet.connected(within: 15_000))
      redis.stop()
      let found = try await eventually(within: 15_000, on: loop) { !quiet.isConnected }
      #expect(found <= Self.silence)
      redis.cont()
      #expect(await quiet.connected(within: 15_000))
      quiet.close()
    }
  }

  @Test("sends a script whole once, and again to a Redis that has forgotten it")
  func script() async throws {
    let redis = try PrivateRedis()
    defer { redis.end() }
    let settings = try RedisSettings(url: redis.url)
    try await onLoop { loop in
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      let script = RedisScript("return {KEYS[1], ARGV[1]}")
      let expected = RedisReply.array([.bulk([107]), .bulk([118])])
      for _ in 0..<3 { #expect(try await client.run(script, keys: ["k"], arguments: ["v"]) == expected) }
      let calls = try await client.command(RedisCommand("INFO", "commandstats")).text ?? ""
      #expect(calls.contains("cmdstat_eval:calls=1,"))
      #expect(calls.contains("cmdstat_evalsha:calls=2,"))
      _ = try await client.command(RedisCommand("SCRIPT", "FLUSH"))
      for _ in 0..<2 { #expect(try await client.run(script, keys: ["k"], arguments: ["v"]) == expected) }
      await #expect(throws: RedisError.self) { try await client.run(RedisScript("syntax error"), keys: []) }
      client.close()
    }
  }

  @Test("of a cluster sends a script to each master once, whichever has learned its digest")
  func scriptOnAll() async throws {
    try await RedisKind.cluster.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let client = RedisClient(loop: loop, settings: settings)
        client.start()
        try #require(await client.connected(within: 15_000))
        let script = RedisScript("redis.call('SET', KEYS[1], ARGV[1]); return redis.call('GET', KEYS[1])")
        var masters: Set<RedisAddress?> = []
        for number in 0..<50 {
          let key = "{s\(number)}"
          masters.insert(client.master(of: key))
          let reply = try await client.run(script, keys: [key], arguments: ["\(number)"])
          #expect(reply.integer == Int64(number))
        }
        #expect(masters.count == 3 && !masters.contains(nil))
        #expect(client.counters.redirected == 0)
        // Fifty by digest, one more to each master that did not know it, and the digest itself.
        #expect(client.counters.sent <= 54)
        client.close()
      }
    }
  }

  @Test("of a host that does not exist says so and stays out of the way")
  func nowhere() async throws {
    try await onLoop { loop in
      let client = RedisClient(loop: loop, settings: RedisSettings(host: "127.0.0.1", port: 1))
      client.start()
      try await eventually(within: 15_000, on: loop) { client.counters.lastError != nil }
      #expect(await client.connected(within: 100) == false)
      guard case .unreachable(let words) = client.counters.lastError else {
        Issue.record("\(String(describing: client.counters.lastError))")
        return
      }
      #expect(words.contains("refused"))
      client.close()
    }
  }
}
