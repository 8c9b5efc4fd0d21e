import CPostgres
import Glibc
import IORuntime
import TestKit
import Testing

@testable import Postgres

/// What happens to those who share a transaction when one of them, their connection or their server does not do; on a
/// server of the process' own, since its sessions are ended.
@Suite("Shared transactions in trouble", .serialized)
struct SharedSyncFaultTests {
  private static let ask = Statement("ask", "SELECT 100 / $1::int8", brief: true)
  private static let askAlone = Statement("ask_alone", "SELECT 100 / $1::int8", repeatable: true)
  private static let pid = Statement("pid", "SELECT pg_backend_pid()")

  private typealias Answers = AsyncStream<(place: Int, error: PostgresError?)>

  /// Asks all in one tick, after something that is done in it; the first may have a time of its own.
  private func ask(
    _ statements: [(Statement, Int64?)], in pool: PostgresPool, first timeout: Int64? = nil,
    after begin: @escaping @Sendable () -> Void = {}
  ) -> Answers {
    let (answers, told) = Answers.makeStream()
    pool.loop.execute {
      begin()
      for (place, (statement, parameter)) in statements.enumerated() {
        let time = place == 0 ? timeout : nil
        pool.submit([(statement, parameter.map { [.int8($0)] } ?? [])], timeout: time) { result in
          if case .failure(let error) = result { told.yield((place, error)) } else { told.yield((place, nil)) }
        }
      }
    }
    return answers
  }

  private func all(_ count: Int, of answers: Answers) async -> [(place: Int, error: PostgresError?)] {
    var found: [(place: Int, error: PostgresError?)] = []
    for await answer in answers.prefix(count) { found.append(answer) }
    return found
  }

  @Test("what ends each session in which it is tried takes its neighbours along once")
  func endsItsSession() async throws {
    let end = Statement("end", "SELECT pg_terminate_backend(pg_backend_pid())", brief: true)
    try await withOwnPool({
      $0.connections = 1
      $0.queryTimeout = 20_000
    }) { pool in
      _ = try await pool.query(Self.pid)
      let asked = [(end, nil), (Self.ask, 1), (Self.ask, 2), (Self.ask, Int64?(3))]
      let answers = await all(4, of: ask(asked, in: pool, first: 1_000))
      #expect(answers.filter { $0.error == nil }.map(\.place).sorted() == [1, 2, 3])
    }
  }

  @Test("what is sent on a connection that turns out to be lost by it goes to another one")
  func lostWhileGathering() async throws {
    try await withOwnPool({ $0.connections = 1 }) { pool in
      _ = try await pool.query(Self.pid)
      // What is sent first fails, which libpq tells when something is sent again.
      let asked = [(Self.askAlone, 1), (Self.ask, 1), (Self.askAlone, Int64?(1))]
      let answers = ask(asked, in: pool) {
        if let handle = pool.ready.first?.handle { shutdown(PQsocket(handle), CInt(SHUT_RDWR)) }
      }
      for (_, error) in await all(asked.count, of: answers) { #expect(error == nil) }
    }
  }

  @Test("who was behind one that failed goes before those who wait for a connection")
  func keepsItsPlace() async throws {
    try await withOwnPool({
      $0.connections = 1
      $0.pipelineMax = 2
    }) { pool in
      _ = try await pool.query(Self.pid)
      let waiting = Array(repeating: (Self.askAlone, Int64?(1)), count: 8)
      let answers = await all(10, of: ask([(Self.ask, 0), (Self.ask, 1)] + waiting, in: pool))
      #expect(answers.first?.place == 0)
      #expect(answers.last?.place == 9)
    }
  }

  @Test("while one hangs, what is asked of its bucket waits without a connection, whoever stood before it")
  func hangs() async throws {
    @Sendable func read(_ table: String) -> Statement {
      Statement("read_\(table)", "SELECT n FROM \(table) WHERE bucket = $1", brief: true)
    }
    let make = "CREATE TABLE free (bucket int2, n int8); CREATE TABLE locked (bucket int2, n int8)"
    try await withPool(
      {
        $0.connections = 2
        ($0.queryTimeout, $0.statementTimeout, $0.lockTimeout) = (30_000, 30_000, 30_000)
      }, on: PrivatePostgres.plain()
    ) { pool, url in
      try await PrivatePostgres.plain().sql(make, in: url)
      for bucket: Int16 in 1...2 { _ = try await pool.query(read("free"), [.int2(bucket)]) }
      while await counters(of: pool).ready < 2 { await pool.loop.sleep(5) }
      let (answers, told) = AsyncStream<Result<[Rows], PostgresError>>.makeStream()
      try await withPool(to: url) { other in
        let lock = Statement("lock", "LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
        try await other.transaction { (holder) throws(PostgresError) in
          _ = try await holder.query(lock)
          pool.loop.execute {
            pool.submit([(read("free"), [.int2(2)])]) { told.yield($0) }
            pool.submit([(read("locked"), [.int2(1)])]) { told.yield($0) }
          }
          await pool.loop.sleep(PostgresPool.readingHangsAfter + 100)
          pool.loop.execute { pool.submit([(read("locked"), [.int2(1)])]) { told.yield($0) } }
          let now = await counters(of: pool)
          #expect((now.underWay, now.waiting) == (2, 1))
          _ = try await pool.query(read("free"), [.int2(3)])
        }
      }
      for await answer in answers.prefix(3) { _ = try answer.get() }
    }
  }

  @Test("when a silent machine has let their time pass, each one's bucket is in trouble until it answers")
  func silent() async throws {
    let read = Statement("read", "SELECT $1::int2", brief: true)
    try await withOwnPool({
      $0.connections = 1
      $0.queryTimeout = 500
    }) { pool in
      let process = try #require(await pool.query(Self.pid, timeout: 4_500).first).int4(0)
      try #require(kill(process, SIGSTOP) == 0)
      defer { kill(process, SIGCONT) }
      let (answers, told) = AsyncStream<Result<[Rows], PostgresError>>.makeStream()
      pool.loop.execute {
        // One moment for all: what is due a millisecond later than the first is asked again, elsewhere.
        let deadline = pool.deadline(nil)
        for bucket: Int16 in 1...3 {
          pool.take(Flight(.statements([(read, [.int2(bucket)])]), deadline: deadline) { told.yield($0) })
        }
      }
      for await answer in answers.prefix(3) { #expect(throws: PostgresError.timeout(sent: true)) { try answer.get() } }
      #expect(await troubled(in: pool) == 3)
      for bucket: Int16 in 1...3 { _ = try await pool.query(read, [.int2(bucket)], timeout: 4_500) }
      #expect(await troubled(in: pool) == 0)
    }
  }

  private func troubled(in pool: PostgresPool) async -> Int {
    await withCheckedContinuation { told in
      pool.loop.execute { told.resume(returning: pool.quarantine.troubledCount) }
    }
  }

  @Test("each sees what was committed before it began, whatever the database's default is")
  func isolation() async throws {
    let server = try await PrivatePostgres.plain()
    let url = try await server.database()
    let name = try #require(url.split(separator: "/").last)
    try await server.sql("ALTER DATABASE \(name) SET default_transaction_isolation = 'repeatable read'", in: url)
    try await withPool(to: url) { pool in
      let rows = try await pool.query(Statement("isolation", "SELECT current_setting('transaction_isolation')"))
      #expect(try rows.first?.text(0) == "read committed")
    }
  }

  private func withOwnPool(
    _ adjust: (inout PostgresSettings) -> Void, _ body: (PostgresPool) async throws -> Void
  ) async throws {
    try await withPool(adjust, on: PrivatePostgres.plain()) { pool, _ in try await body(pool) }
  }
}
