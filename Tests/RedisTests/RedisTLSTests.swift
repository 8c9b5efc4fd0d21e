import IORuntime
import TestKit
import Testing

@testable import Redis

@Suite("Redis over TLS")
struct RedisTLSTests {
  @Test("is spoken to when its certificate is good for the host, and not otherwise")
  func tls() async throws {
    let certificate = try Certificate(names: "DNS:localhost")
    let port = try PrivatePostgres.freePort()
    let redis = try PrivateRedis(options: [
      "--tls-port", String(port), "--tls-cert-file", certificate.chain, "--tls-key-file", certificate.key,
      "--tls-ca-cert-file", certificate.chain, "--tls-auth-clients", "no",
    ])
    defer { redis.end() }
    try await onLoop { loop in
      var settings = try RedisSettings(url: "rediss://localhost:\(port)")
      settings.authorityFile = certificate.chain
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try #require(await client.connected(within: 15_000))
      let large = String(repeating: "x", count: 100_000)
      #expect(try await client.command(RedisCommand("SET", "a", large)) == .status("OK"))
      #expect(try await client.command(RedisCommand("GET", "a")).bytes?.count == 100_000)
      client.close()

      for (host, authority) in [("localhost", nil), ("127.0.0.1", settings.authorityFile), ("localhost", "/nowhere")] {
        var wrong = settings
        wrong.host = host
        wrong.authorityFile = authority
        let refused = RedisClient(loop: loop, settings: wrong)
        refused.start()
        try await eventually(within: 15_000, on: loop) { refused.counters.lastError != nil }
        #expect(await refused.connected(within: 300) == false)
        #expect(refused.counters.sent == 0)
        refused.close()
      }
    }
  }
}
