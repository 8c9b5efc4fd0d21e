import Foundation
import IORuntime
import TestKit
import Testing

@testable import Redis

@Suite("Redis over TLS")
struct RedisTLSTests {
  @Test("is spoken to when its certificate is good for the host, and not otherwise")
  func tls() async throws {
    let directory = FileManager.default.temporaryDirectory.path + "/redis-tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", directory + "/key.pem", "-out",
      directory + "/cert.pem",
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    try #require(openssl.terminationStatus == 0)

    let port = try freePort()
    let redis = try PrivateRedis(options: [
      "--tls-port", String(port), "--tls-cert-file", directory + "/cert.pem", "--tls-key-file", directory + "/key.pem",
      "--tls-ca-cert-file", directory + "/cert.pem", "--tls-auth-clients", "no",
    ])
    defer { redis.end() }
    try await onLoop { loop in
      var settings = try RedisSettings(url: "rediss://localhost:\(port)")
      settings.authorityFile = directory + "/cert.pem"
      let client = RedisClient(loop: loop, settings: settings)
      client.start()
      try #require(await client.connected(within: 3_000))
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
        #expect(await refused.connected(within: 300) == false)
        #expect(refused.counters.lastError != nil && refused.counters.sent == 0)
        refused.close()
      }
    }
  }

  private func freePort() throws -> UInt16 {
    let loop = try EventLoop(name: "port")
    let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
    return try #require(listener.address.port)
  }
}
