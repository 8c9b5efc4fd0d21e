import IORuntime
import Redis
import TestKit
import Testing

/// Plays a test on a loop with a client that has connected to a Redis of that kind; the client is closed after it.
func withRedis(
  _ kind: RedisKind,
  _ body: @escaping @Sendable (EventLoop, RedisClient, any RedisUnderTest) async throws -> Void
) async throws {
  try await kind.play { redis in
    let settings = try RedisSettings(url: redis.url)
    try await onLoop { loop in
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      try await body(loop, client, redis)
      client.close()
    }
  }
}
