import ChatCore
import IORuntime
import Redis
import Synchronization
import TestKit
import Testing

@testable import RedisBroker

@Suite("Rate buckets")
struct RateBucketsTests {
  /// Where Redis is there and its answers are what is looked at: one that comes late on a busy machine is one too.
  static let patience: Int64 = 15_000

  @Test("are shared: two loops together get no more than the limit", arguments: RedisKind.allCases)
  func shared(kind: RedisKind) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      @Sendable func allowed(of tries: Int) async throws -> Int {
        try await onLoop { loop in
          let client = RedisClient(loop: loop, settings: settings)
          client.start()
          try #require(await client.connected(within: 15_000))
          let buckets = RateBuckets(loop: loop, client: client, patience: Self.patience)
          var allowed = 0
          for _ in 0..<tries {
            if await buckets.take("send:u:7", cost: 1, capacity: 100, refillPerSecond: 0.001).allowed { allowed += 1 }
          }
          #expect(buckets.counters.local == 0)
          client.close()
          return allowed
        }
      }
      async let one = allowed(of: 90)
      async let two = allowed(of: 90)
      let total = try await one + two
      #expect(total == 100)
    }
  }

  @Test("fill again by Redis' clock, and say what is left and when to come back", arguments: RedisKind.allCases)
  func decisions(kind: RedisKind) async throws {
    try await withRedis(kind) { loop, client, _ in
      let buckets = RateBuckets(loop: loop, client: client, patience: Self.patience)
      let begun = loop.now
      let first = await buckets.take("k", cost: 3, capacity: 4, refillPerSecond: 1)
      #expect(first.allowed && first.remaining == 1 && first.retryAfter == 0)
      #expect((2_950...3_000).contains(first.resetAfter))
      let second = await buckets.take("k", cost: 3, capacity: 4, refillPerSecond: 1)
      #expect(!second.allowed)
      #expect((1_990 - (EventLoop.monotonicMilliseconds() - begun)...2_000).contains(second.retryAfter))
      await loop.sleep(second.retryAfter + 5)
      let third = await buckets.take("k", cost: 3, capacity: 4, refillPerSecond: 1)
      #expect(third.allowed)
      let never = await buckets.take("z", cost: 5, capacity: 4, refillPerSecond: 0)
      #expect(!never.allowed && never.remaining == 4 && never.retryAfter == 86_400_000)
      #expect(await buckets.take("z", cost: 3, capacity: 4, refillPerSecond: 0).remaining == 1)
      #expect(await buckets.take("z", cost: -1, capacity: 4, refillPerSecond: 0).remaining == 2)
      #expect(await buckets.take("z", cost: -9, capacity: 4, refillPerSecond: 0).remaining == 4)
      for odd in [Double.nan, .infinity, -1, 1e-300, 1e300] {
        #expect(await buckets.take("odd", cost: 1, capacity: 4, refillPerSecond: odd).remaining <= 4)
      }
      #expect(buckets.counters.local == 0)
    }
  }

  @Test("are not in debt, whatever somebody has written in them", arguments: RedisKind.allCases)
  func debt(kind: RedisKind) async throws {
    try await withRedis(kind) { loop, client, _ in
      let buckets = RateBuckets(loop: loop, client: client, patience: Self.patience)
      let key = TopicNames.standard.key(in: Bucket(ofUsernameKey: "k"), "r:k")
      for tokens in ["-1e300", "-inf", "nan", "inf", "1e300", "x"] {
        for at in ["0", "-1e300", "1e300", "nan", "x"] {
          _ = try await client.command(RedisCommand("HSET", key, "t", tokens, "a", at))
          let decision = await buckets.take("k", cost: 1, capacity: 4, refillPerSecond: 1)
          #expect(decision.retryAfter <= 1_000 && decision.resetAfter <= 4_000, "\(tokens) \(at)")
        }
      }
      #expect(buckets.counters.local == 0)
    }
  }

  @Test("call back as they answer who waits, from the same bucket, once each", arguments: RedisKind.allCases)
  func told(kind: RedisKind) async throws {
    try await withRedis(kind) { loop, client, redis in
      let buckets = RateBuckets(loop: loop, client: client, patience: Self.patience)
      let told = Mutex<[RateDecision]>([])
      for _ in 0..<3 {
        buckets.take("k", cost: 1, capacity: 2, refillPerSecond: 0.001) { said in told.withLock { $0.append(said) } }
      }
      #expect(await !buckets.take("k", cost: 1, capacity: 2, refillPerSecond: 0.001).allowed)
      #expect(told.withLock { $0.map(\.allowed) } == [true, true, false])
      #expect(buckets.counters.shared == 4)
      redis.kill9()
      try await eventually(within: 15_000, on: loop) { !client.isConnected }
      for _ in 0..<3 {
        buckets.take("k", cost: 1, capacity: 2, refillPerSecond: 0.001) { said in told.withLock { $0.append(said) } }
      }
      // A cluster's client is no longer whole when it misses one master; the bucket's own may be missed a moment later.
      try await eventually(within: 15_000, on: loop) { told.withLock { $0.count } >= 6 }
      #expect(told.withLock { $0.dropFirst(3).map(\.allowed) } == [true, true, false])
      #expect(buckets.counters.local == 3)
      #expect(buckets.counters.refused == 3)
    }
  }

  @Test(
    "count by this loop's share while Redis is away, and together again when it is back", arguments: RedisKind.allCases)
  func away(kind: RedisKind) async throws {
    try await withRedis(kind) { loop, client, redis in
      let buckets = RateBuckets(loop: loop, client: client, shares: 4, patience: Self.patience)
      redis.kill9()
      try await eventually(within: 15_000, on: loop) { !client.isConnected }
      var allowed = 0
      for _ in 0..<40 {
        if await buckets.take("k", cost: 1, capacity: 40, refillPerSecond: 0.001).allowed { allowed += 1 }
      }
      #expect(allowed == 10)
      #expect(buckets.counters.local == 40)
      // What costs more than the share, though not more than the whole, is not refused for ever.
      #expect(await buckets.take("dear", cost: 30, capacity: 40, refillPerSecond: 0.001).allowed)
      #expect(await !buckets.take("dear", cost: 30, capacity: 40, refillPerSecond: 0.001).allowed)
      #expect(await !buckets.take("too dear", cost: 41, capacity: 40, refillPerSecond: 0.001).allowed)
      try await redis.restart()
      try #require(await client.connected(within: 15_000))
      #expect(await buckets.take("k", cost: 1, capacity: 40, refillPerSecond: 0.001).remaining == 39)
      #expect(buckets.counters.shared == 1)
    }
  }

  @Test(
    "make nobody wait for a Redis that is stopped: the first 50 ms, the next not at all", arguments: RedisKind.allCases)
  func stopped(kind: RedisKind) async throws {
    try await withRedis(kind) { loop, client, redis in
      let patient = RateBuckets(loop: loop, client: client, patience: Self.patience)
      #expect(await patient.take("k", cost: 1, capacity: 10, refillPerSecond: 1).allowed)
      #expect(patient.counters.shared == 1)
      let buckets = RateBuckets(loop: loop, client: client)
      redis.stop()
      #expect(await buckets.take("k", cost: 1, capacity: 10, refillPerSecond: 1).allowed)
      #expect(buckets.counters.slow == 1 && RateBuckets.patience == 50)
      // Told before the call returns: nobody waits.
      let told = Mutex(0)
      for _ in 0..<100 {
        buckets.take("k", cost: 1, capacity: 10, refillPerSecond: 1) { _ in told.withLock { $0 += 1 } }
      }
      #expect(told.withLock(\.self) == 100)
      #expect(buckets.counters.slow == 1 && buckets.counters.local == 101)
      redis.cont()
      let end = loop.now + 15_000
      while buckets.counters.shared == 0 {
        try #require(loop.now < end, "Redis is not asked again")
        await loop.sleep(20)
        _ = await buckets.take("k", cost: 1, capacity: 10, refillPerSecond: 1)
      }
    }
  }
}
