import IORuntime
import Postgres
import Synchronization
import TestKit
import Testing

@Suite("What a pool tells of its connections")
struct PostgresChangeTests {
  private static let pid = Statement("pid", "SELECT pg_backend_pid()")

  @Test func `one that is had, one that is lost and the next, but none that the pool itself closes`() async throws {
    let server = try await PrivatePostgres.shared()
    let url = try await server.database(distributed: false)
    let told = try await changes(url) { pool in
      _ = try await pool.query(Self.pid, timeout: 4_500)
      let gone = Statement("gone", "SELECT pg_terminate_backend(pg_backend_pid())")
      let error = await failure { () throws(PostgresError) in _ = try await pool.query(gone, timeout: 4_500) }
      #expect(error?.isInDoubt == true)
      _ = try await pool.query(Self.pid, timeout: 4_500)
    }
    await server.drop(url)
    try #require(told.count == 3, "\(told)")
    guard case .connected(let host) = told[0] else {
      Issue.record("\(told)")
      return
    }
    #expect(host.contains(":"))
    #expect("\(told[1])".hasPrefix("lost a connection to \(host): "), "\(told)")
    #expect(told[2] == .connected(host: host))
  }

  /// It was told as `pid: XX000`, the name of what was under way and a state that the server never sent.
  @Test func `a connection that is cut with a statement under way is told in libpq's words`() async throws {
    let (told, port) = try await changesThroughProxy { pool, proxy in
      _ = try await pool.query(Self.pid, timeout: 4_500)
      let sleep = Statement("sleep", "SELECT pg_sleep(20)::text")
      async let lost = failure { () throws(PostgresError) in _ = try await pool.query(sleep, timeout: 4_500) }
      try await Task.sleep(for: .milliseconds(200))
      try await proxy.cut()
      #expect(await lost?.isInDoubt == true)
    }
    let line = try #require(told.dropFirst().first).description
    #expect(line.hasPrefix("lost a connection to 127.0.0.1:\(port): ") && line.contains("server"), "\(line)")
    #expect(!line.contains("XX000"), "\(line)")
  }

  /// libpq kept it all until something was asked.
  @Test func `a server that says more and more though it is asked nothing is left`() async throws {
    // ParameterStatus: what came with a reload of the server's settings.
    let word: [UInt8] = [UInt8(ascii: "S"), 0, 0, 0, 8] + Array("a\0b\0".utf8)
    let (told, _) = try await changesThroughProxy { pool, proxy in
      let first = try await pool.query(Self.pid, timeout: 4_500).first?.int4(0)
      for _ in 0..<10 {
        try await proxy.say(word)
        await pool.loop.sleep(5)
      }
      #expect(try await pool.query(Self.pid, timeout: 4_500).first?.int4(0) == first, "some of it does no harm")
      for _ in 0..<3_000 where await counters(of: pool).connected < 2 {
        try await proxy.say(word)
        await pool.loop.sleep(5)
      }
    }
    let line = try #require(told.dropFirst().first).description
    #expect(line.hasSuffix("the server speaks though it was asked nothing"), "\(line)")
  }

  /// It stayed ready, and its descriptor's number another socket's.
  @Test func `a connection that libpq gives up while it is idle is left without being asked`() async throws {
    // Shorter than its own length, by which libpq has lost its place.
    let word: [UInt8] = [UInt8(ascii: "Z"), 0, 0, 0, 1]
    let (told, port) = try await changesThroughProxy { pool, proxy in
      let first = try await pool.query(Self.pid, timeout: 4_500).first?.int4(0)
      try await proxy.say(word)
      for _ in 0..<2_000 where await counters(of: pool).connected < 2 { await pool.loop.sleep(5) }
      #expect(await counters(of: pool).connected == 2, "nothing was asked meanwhile")
      #expect(try await pool.query(Self.pid, timeout: 4_500).first?.int4(0) != first)
    }
    try #require(told.count == 3, "\(told)")
    #expect("\(told[1])".hasPrefix("lost a connection to 127.0.0.1:\(port): "), "\(told)")
  }

  @Test func `why a server cannot be reached, with its host and without the password`() async throws {
    let told = try await changes("postgresql://ada:planted@127.0.0.1:1/chat") { pool in
      _ = await failure { () throws(PostgresError) in _ = try await pool.query(Self.pid, timeout: 300) }
    }
    let line = try #require(told.first).description
    #expect(line.hasPrefix("no connection to 127.0.0.1:1: "))
    #expect(line.contains("refused") && !line.contains("planted"), "\(line)")
  }

  /// What a pool of one connection has told whose way to the server leads through a proxy, and the proxy's port.
  private func changesThroughProxy(
    _ body: (PostgresPool, FaultProxy) async throws -> Void
  ) async throws -> (told: [PostgresChange], port: UInt16) {
    let server = try await PrivatePostgres.plain()
    let url = try await server.database(distributed: false)
    let host = try #require(url.split(separator: "@").last?.split(separator: "/").first)
    let there = try #require(host.split(separator: ":").last.flatMap { UInt16($0) })
    let proxy = try FaultProxy(to: .ip(host: "127.0.0.1", port: there))
    defer { proxy.stop() }
    let port = try #require(proxy.address.port)
    let told = try await changes(url.replacing(host, with: "127.0.0.1:\(port)")) { try await body($0, proxy) }
    await server.drop(url)
    return (told, port)
  }

  /// What a pool of one connection has told when it is closed.
  private func changes(_ url: String, _ body: (PostgresPool) async throws -> Void) async throws -> [PostgresChange] {
    let loop = try EventLoop(name: "test")
    try loop.start()
    defer { loop.stop() }
    var settings = PostgresSettings(url: url)
    settings.connections = 1
    let heard = Heard()
    let pool = try PostgresPool(loop: loop, settings: settings) { change in
      heard.changes.withLock { $0.append(change) }
    }
    try await body(pool)
    await close(pool)
    return heard.changes.withLock { $0 }
  }

  private final class Heard: Sendable {
    let changes = Mutex<[PostgresChange]>([])
  }
}
