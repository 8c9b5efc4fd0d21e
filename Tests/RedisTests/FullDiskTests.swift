import Glibc
import IORuntime
import Redis
import TestKit
import Testing

@Suite("A Redis that cannot write to its disk")
struct FullDiskTests {
  /// It says MISCONF to PING, and so got no connection any more: a node that began then, or lost one, heard nothing.
  @Test("is connected to: it refuses what is written, and publishes what is said")
  func publishes() async throws {
    let redis = try PrivateRedis()
    defer { redis.end() }
    // Where its snapshot is to be there is a directory.
    try #require(mkdir(redis.directory + "/dump.rdb", 0o700) == 0)
    let settings = try RedisSettings(url: redis.url)
    try await onLoop { loop in
      let before = RedisClient(loop: loop, settings: settings)
      before.start()
      try #require(await before.connected(within: 15_000))
      _ = try await before.command(RedisCommand("CONFIG", "SET", "save", "3600 1"))
      _ = try await before.command(RedisCommand("BGSAVE"))
      var refusal: RedisError?
      for _ in 0..<3_000 where refusal == nil {
        do throws(RedisError) { _ = try await before.command(RedisCommand("SET", "a", "b")) } catch { refusal = error }
        await loop.sleep(5)
      }
      #expect(refusal?.code == "MISCONF")
      let after = RedisClient(loop: loop, settings: settings)
      after.start()
      #expect(await after.connected(within: 5_000))
      #expect(try await after.command(RedisCommand("SPUBLISH", "a", "b")) == .integer(0))
      // It would not end otherwise.
      _ = try await before.command(RedisCommand("CONFIG", "SET", "save", ""))
      before.close()
      after.close()
    }
  }
}
