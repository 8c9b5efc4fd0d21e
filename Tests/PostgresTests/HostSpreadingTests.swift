import Glibc
import IORuntime
import TestKit
import Testing

@testable import Postgres

@Suite("Several hosts that all take writes", .serialized)
struct HostSpreadingTests {
  private static let port = Statement("port", "SELECT current_setting('port')", repeatable: true)

  @Test(
    "are said by libpq 16's word, which libpq 15 never sees",
    arguments: [
      ("postgresql://a,b/x", "postgresql://a,b/x", false),
      ("postgresql://a,b/x?load_balance_hosts=random", "postgresql://a,b/x", true),
      ("postgresql://a,b/x?load_balance_hosts=disable", "postgresql://a,b/x", false),
      ("postgres://a/x?sslmode=require&load_balance_hosts=random&a=b", "postgres://a/x?sslmode=require&a=b", true),
      ("host=a,b load_balance_hosts=random dbname=x", "host=a,b  dbname=x", true),
      ("load_balance_hosts = 'random' host=a", "  host=a", true), ("host=a", "host=a", false),
    ])
  func word(_ text: String, _ url: String, _ isWanted: Bool) throws {
    let spreading = try HostSpreading(of: text)
    #expect(spreading.url.split(separator: " ") == url.split(separator: " "))
    #expect(spreading.isWanted == isWanted)
  }

  @Test("a word that means nothing is refused")
  func wrongWord() {
    #expect(throws: PostgresError.misconfigured("load_balance_hosts in the database URL is random or disable.")) {
      try HostSpreading(of: "postgresql://a,b/x?load_balance_hosts=round_robin")
    }
  }

  @Test("share the connections; what one of them carried the other carries, until it is back")
  func failover() async throws {
    let servers = [try await PrivatePostgres.start(), try await PrivatePostgres.start()]
    defer { for server in servers { server.end() } }
    try await withPool(to: url(servers)) { pool in
      pool.start()
      try await until { await spread(pool) == [2, 2] }
      let both = try await ports(pool, 40)
      #expect(Set(both).count == 2)

      servers[0].kill9()
      let before = await counters(of: pool).connectFailures
      let begun = EventLoop.monotonicMilliseconds()
      let standstill = try Standstill()
      var slowest: Int64 = 0
      for _ in 0..<30 {
        let asked = Stopwatch.now
        _ = try await ports(pool, 8)
        slowest = max(slowest, standstill.took(from: asked))
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(slowest < 3_000, "\(slowest) ms; the connect deadline is 3,000")
      try await until { await spread(pool) == [0, 4] }
      let tries = await counters(of: pool).connectFailures - before
      let seconds = Int(EventLoop.monotonicMilliseconds() - begun) / 1_000
      #expect(1...(8 + 3 * max(0, seconds - 3)) ~= tries, "\(tries) tries in \(seconds) s by four connections")

      try await servers[0].restart()
      try await until { await spread(pool) == [2, 2] }
      #expect(Set(try await ports(pool, 40)).count == 2)
      #expect(await counters(of: pool).ready == 4)
    }
  }

  @Test("a host that does not answer at all delays nobody who asks")
  func blackHole() async throws {
    let servers = [try await PrivatePostgres.start(), try await PrivatePostgres.start()]
    defer { for server in servers { server.end() } }
    let there = try #require(UInt16(try await servers[0].sql("SHOW port", in: "postgres").filter(\.isNumber)))
    let proxy = try FaultProxy(to: .ip(host: "127.0.0.1", port: there))
    defer { proxy.stop() }
    try await proxy.set(.blackHole)
    guard case .ip(_, let port) = proxy.address else { return }
    let urls = try await url(servers).replacing(":\(there),", with: ":\(port),")
    try await withPool(to: urls) { pool in
      let (standstill, asked) = (try Standstill(), Stopwatch.now)
      _ = try await ports(pool, 1)
      let first = standstill.took(from: asked)
      #expect(first < 3_000, "\(first) ms; the connect deadline is 3,000")
      try await until { await spread(pool) == [0, 4] }
      try await proxy.set(.none)
      try await until { await spread(pool) == [2, 2] }
    }
  }

  @Test("all gone at once are found again, all of them")
  func allGone() async throws {
    let servers = [try await PrivatePostgres.start(), try await PrivatePostgres.start()]
    defer { for server in servers { server.end() } }
    try await withPool(to: url(servers)) { pool in
      pool.start()
      try await until { await spread(pool) == [2, 2] }
      for server in servers { server.kill9() }
      try await until { await counters(of: pool).ready == 0 }
      for server in servers { try await server.restart() }
      let ports = try await ports(pool, 8)
      #expect(!ports.isEmpty)
      try await until { await spread(pool) == [2, 2] }
    }
  }

  /// Both servers' first database bears one name, since each counts its own.
  private func url(_ servers: [PrivatePostgres]) async throws -> String {
    var urls: [String] = []
    for server in servers { urls.append(try await server.database()) }
    let hosts = urls.map { $0.split(separator: "@")[1].split(separator: "/")[0] }.joined(separator: ",")
    let name = try #require(urls[0].split(separator: "/").last)
    return "postgresql://martlet@\(hosts)/\(name)?load_balance_hosts=random"
  }

  private func ports(_ pool: PostgresPool, _ count: Int) async throws -> [String] {
    try await withThrowingTaskGroup(of: String?.self) { group in
      for _ in 0..<count { group.addTask { try await pool.query(Self.port).first?.text(0) } }
      return try await group.reduce(into: []) { if let port = $1 { $0.append(port) } }
    }
  }

  private func spread(_ pool: PostgresPool) async -> [Int] {
    await withCheckedContinuation { continuation in
      pool.loop.execute {
        continuation.resume(
          returning: pool.targets.indices.map { host in pool.ready.count { $0.host == host && !$0.isRetiring } })
      }
    }
  }

  private func until(_ condition: () async -> Bool) async throws {
    for _ in 0..<400 {
      if await condition() { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("not within twenty seconds")
  }
}
