import IORuntime
import Postgres
import TestKit
import Testing

@Suite("A pool on PostgreSQL")
struct PostgresPoolTests {
  @Test("every type travels there and back")
  func typesTravel() async throws {
    try await withPool { pool, _ in
      let echo = Statement(
        "echo",
        """
        SELECT $1::bool, $2::int2, $3::int4, $4::int8, $5::text, $6::bytea, $7::timestamptz,
          $8::int8[] = ARRAY[1, NULL, -3]::int8[], $9::text[] = ARRAY['a', NULL, ''], $10::int2[] = '{}',
          $11::bool[] = ARRAY[true, false]
        """)
      let row = try #require(
        await pool.query(
          echo,
          [
            .bool(true), .int2(-2), .int4(.min), .int8(.max), .text("grüß 🐦"), .bytes([0, 255]),
            .time(-1_234_567_891_234),
            .int8s([1, nil, -3]), .texts(["a", nil, ""]), .int2s([]), .bools([true, false]),
          ]
        ).first)
      #expect(try row.bool(0))
      #expect(try row.int2(1) == -2)
      #expect(try row.int4(2) == .min)
      #expect(try row.int8(3) == .max)
      #expect(try row.text(4) == "grüß 🐦")
      #expect(try row.bytes(5) == [0, 255])
      #expect(try row.time(6) == -1_234_567_891_234)
      for column in 7...10 { #expect(try row.bool(column), "column \(column)") }
    }
  }

  @Test("NULL is told apart from empty, and refused where a value is promised")
  func nullAndEmpty() async throws {
    try await withPool { pool, _ in
      let statement = Statement("nulls", "SELECT $1::text, $2::text, $3::int8, $4::bytea, $5::timestamptz")
      let row = try #require(
        await pool.query(statement, [.text(nil), .text(""), .int8(nil), .bytes([]), .time(nil)]).first)
      #expect(try row.optionalText(0) == nil)
      #expect(try row.optionalText(1) == "")
      #expect(try row.optionalInt8(2) == nil)
      #expect(try row.bytes(3) == [])
      #expect(try row.optionalTime(4) == nil)
      #expect(throws: PostgresError.unexpectedReply("column 0 is NULL")) { try row.text(0) }
      #expect(throws: PostgresError.unexpectedReply("column 1 has type 25, not 20")) { try row.int8(1) }
      #expect(throws: PostgresError.unexpectedReply("no column 9 in row 0")) { try row.int8(9) }
    }
  }

  @Test("a text with NUL is refused before it is sent")
  func textWithNUL() async throws {
    try await withPool { pool, _ in
      let statement = Statement("nul", "SELECT $1::int8, $2::text")
      let error = await failure { () throws(PostgresError) in
        _ = try await pool.query(statement, [.int8(1), .text("admin\0evil")])
      }
      #expect(error == .textWithNUL(parameter: 1))
      let inArray = await failure { () throws(PostgresError) in
        _ = try await pool.query(Statement("nul2", "SELECT $1::text[]"), [.texts([nil, "\0"])])
      }
      #expect(inArray == .textWithNUL(parameter: 0))
      #expect(await counters(of: pool).sent == 0)
    }
  }

  @Test("statements at once share pipelines, and a failure among them is its own")
  func failuresAreSeparate() async throws {
    try await withPool { pool, _ in
      let divide = Statement("divide", "SELECT 100 / $1::int8")
      let outcomes = await withTaskGroup(of: (Int64, Result<Int64, any Error>).self) { group in
        for number in Int64(0)..<200 {
          group.addTask {
            do {
              let rows = try await pool.query(divide, [.int8(number % 10)])
              return (number, .success(try #require(rows.first).int8(0)))
            } catch {
              return (number, .failure(error))
            }
          }
        }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      for (number, outcome) in outcomes {
        if number % 10 == 0 {
          #expect(throws: PostgresError.self) { try outcome.get() }
        } else {
          let quotient = try outcome.get()
          #expect(quotient == 100 / (number % 10))
        }
      }
      let counters = await counters(of: pool)
      #expect(counters.sent >= 200)
      #expect(counters.refused == 20)
    }
  }

  @Test("an error tells state, constraint and statement, and never a value")
  func errorsAreSafeToLog() async throws {
    try await withPool { pool, _ in
      _ = try await pool.query(
        Statement("make", "CREATE TABLE t (name text CONSTRAINT short CHECK (length(name) < 5))"))
      let error = await failure { () throws(PostgresError) in
        _ = try await pool.query(Statement("put", "INSERT INTO t VALUES ($1)"), [.text("secret words")])
      }
      #expect(error == .server(ServerRefusal(sqlstate: "23514", statement: "put", constraint: "short")))
      let wrong = await failure { () throws(PostgresError) in
        _ = try await pool.query(Statement("cast", "SELECT $1::text::int8"), [.text("secret words")])
      }
      #expect(wrong?.sqlstate == "22P02")
      for error in [error, wrong] { #expect(!"\(String(describing: error))".contains("secret")) }
      let unknown = await failure { () throws(PostgresError) in
        _ = try await pool.query(Statement("none", "SELECT * FROM nowhere"))
      }
      #expect(unknown?.description == "none: 42P01 relation \"nowhere\" does not exist")
    }
  }

  @Test("a statement that failed to be prepared can be prepared later")
  func preparesAgain() async throws {
    try await withPool({ $0.connections = 1 }) { pool, _ in
      let count = Statement("count", "SELECT count(*) FROM later")
      #expect(await failure { () throws(PostgresError) in _ = try await pool.query(count) } != nil)
      _ = try await pool.query(Statement("later", "CREATE TABLE later (a int)"))
      #expect(try await pool.query(count).first?.int8(0) == 0)
    }
  }

  @Test("several parameter lists of one statement are one transaction")
  func queriesAreOneTransaction() async throws {
    try await withPool { pool, _ in
      _ = try await pool.query(Statement("make", "CREATE TABLE t (a int8 PRIMARY KEY)"))
      let put = Statement("put", "INSERT INTO t VALUES ($1) RETURNING a")
      let rows = try await pool.queries(put, each: [[.int8(1)], [.int8(2)]])
      #expect(try rows.map { try $0.first?.int8(0) } == [1, 2])
      let error = await failure { () throws(PostgresError) in
        _ = try await pool.queries(put, each: [[.int8(3)], [.int8(1)]])
      }
      #expect(error?.sqlstate == "23505")
      #expect(try await pool.query(Statement("count", "SELECT count(*) FROM t")).first?.int8(0) == 2)
    }
  }

  @Test("a large answer and a large parameter pass through small sockets")
  func largeValues() async throws {
    try await withPool({ ($0.queryTimeout, $0.statementTimeout) = (30_000, 30_000) }) { pool, _ in
      let statement = Statement("large", "SELECT repeat($1::text, 4) FROM generate_series(1, 4)")
      let text = String(repeating: "x", count: 3_000_000)
      let rows = try await pool.query(statement, [.text(text)])
      #expect(try rows.map { try $0.text(0).utf8.count } == [12_000_000, 12_000_000, 12_000_000, 12_000_000])
    }
  }

  @Test("more than may wait is refused at once")
  func queueIsBounded() async throws {
    try await withPool({
      $0.connections = 1
      $0.pipelineMax = 2
      $0.waitingMax = 3
    }) { pool, _ in
      let sleep = Statement("sleep", "SELECT pg_sleep(0.3)")
      _ = try await pool.query(sleep)
      let (answers, told) = AsyncStream<PostgresError?>.makeStream()
      // In one tick, so that none is answered before all are asked.
      pool.loop.execute {
        for _ in 0..<7 {
          pool.submit([(sleep, [])]) { result in
            if case .failure(let error) = result { told.yield(error) } else { told.yield(nil) }
          }
        }
      }
      var outcomes: [PostgresError?] = []
      for await outcome in answers.prefix(7) { outcomes.append(outcome) }
      #expect(outcomes.filter { $0 == .queueFull }.count == 2)
      #expect(outcomes.filter { $0 == nil }.count == 5)
      #expect(await counters(of: pool).queueFull == 2)
    }
  }

  @Test("notices are counted and swallowed")
  func notices() async throws {
    try await withPool({ $0.connections = 1 }) { pool, _ in
      _ = try await pool.query(Statement("drop", "DROP TABLE IF EXISTS nothing"))
      #expect(await counters(of: pool).notices == 1)
    }
  }
}
