import IORuntime
import Synchronization
import TestKit
import Testing

@testable import Postgres

@Suite("A transaction")
struct PostgresTransactionTests {
  private static let make = Statement("make", "CREATE TABLE t (a int8 PRIMARY KEY, n int8 NOT NULL)")
  private static let put = Statement("put", "INSERT INTO t VALUES ($1, 0)")
  private static let count = Statement("count", "SELECT count(*) FROM t", repeatable: true)
  private static let lock = Statement("lock", "UPDATE t SET n = n + 1 WHERE a = $1")

  /// How far transactions are, and whether they may go on.
  private final class Seen: Sendable {
    let begun = Atomic(0)
    let mayEnd = Atomic(false)
  }

  private func count(in pool: PostgresPool) async throws -> Int64 {
    try #require(await pool.query(Self.count).first).int8(0)
  }

  @Test("what it did stands when its body ends, and is gone when its body throws")
  func commitsAndRollsBack() async throws {
    try await withPool { pool, _ in
      _ = try await pool.query(Self.make)
      try await pool.transaction { (transaction) throws(PostgresError) in
        _ = try await transaction.query(Self.put, [.int8(1)])
        _ = try await transaction.all([(Self.put, [.int8(2)]), (Self.put, [.int8(3)])])
      }
      #expect(try await count(in: pool) == 3)
      let error = await failure { () throws(PostgresError) in
        try await pool.transaction { (transaction) throws(PostgresError) in
          _ = try await transaction.query(Self.put, [.int8(4)])
          throw .unexpectedReply("changed our mind")
        }
      }
      #expect(error == .unexpectedReply("changed our mind"))
      #expect(try await count(in: pool) == 3)
    }
  }

  @Test("a body that overlooks a failed statement is told at the end")
  func overlookedFailure() async throws {
    try await withPool { pool, _ in
      _ = try await pool.query(Self.make)
      let error = await failure { () throws(PostgresError) in
        try await pool.transaction { (transaction) throws(PostgresError) in
          _ = try await transaction.query(Self.put, [.int8(1)])
          _ = try? await transaction.query(Self.put, [.int8(1)])
        }
      }
      #expect(error?.sqlstate == SQLState.uniqueViolation)
      #expect(try await count(in: pool) == 0)
    }
  }

  @Test("transactions never hold all connections, so that statements go on")
  func statementsGoOn() async throws {
    try await withPool({ $0.connections = 2 }) { pool, _ in
      _ = try await pool.query(Self.make)
      let seen = Seen()
      try await withThrowingTaskGroup(of: Void.self) { group in
        // Also when this fails before: the group waits for its tasks.
        defer { seen.mayEnd.store(true, ordering: .relaxed) }
        for number in Int64(0)..<6 {
          group.addTask {
            try await pool.transaction { (transaction) throws(PostgresError) in
              _ = try await transaction.query(Self.put, [.int8(number)])
              seen.begun.add(1, ordering: .relaxed)
              while !seen.mayEnd.load(ordering: .relaxed) { await pool.loop.sleep(2) }
            }
          }
        }
        for _ in 0..<5_000 {
          if seen.begun.load(ordering: .relaxed) > 0 { break }
          await pool.loop.sleep(2)
        }
        #expect(try await count(in: pool) == 0)
        #expect(seen.begun.load(ordering: .relaxed) == 1, "the others wait for its connection")
        seen.mayEnd.store(true, ordering: .relaxed)
        try await group.waitForAll()
      }
      #expect(try await count(in: pool) == 6)
      #expect(await counters(of: pool).ready == 2)
    }
  }

  @Test("who waits for a lock until his time is over is refused, and his connection goes on")
  func lockedToTheEnd() async throws {
    try await withPool({
      $0.connections = 3
      $0.queryTimeout = 11_000
      $0.lockTimeout = 30_000
      // However busy the machine is, the server's word comes before his own deadline.
      $0.refusalTime = 10_000
    }) { pool, url in
      _ = try await pool.query(Self.make)
      _ = try await pool.query(Self.put, [.int8(1)])
      while await counters(of: pool).ready < 3 { await pool.loop.sleep(5) }
      try await withPool(to: url, { $0.idleInTransactionTimeout = 30_000 }) { other in
        let error = try await other.transaction { (holder) throws(PostgresError) -> PostgresError? in
          _ = try await holder.query(Self.lock, [.int8(1)])
          return await failure { () throws(PostgresError) in
            try await pool.transaction(locking: [1]) { (late) throws(PostgresError) in
              _ = try await late.query(Self.lock, [.int8(1)])
            }
          }
        }
        #expect(error?.sqlstate == SQLState.lockNotAvailable)
      }
      #expect(await counters(of: pool).ready == 3)
    }
  }

  @Test("the victim of a deadlock runs again")
  func deadlock() async throws {
    try await withPool { pool, _ in
      _ = try await pool.query(Self.make)
      _ = try await pool.queries(Self.put, each: [[.int8(1)], [.int8(2)]])
      _ = try await pool.query(
        Statement("quick", "ALTER DATABASE \(try await name(of: pool)) SET deadlock_timeout = '50ms'"))
      let seen = Seen()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for order in [[Int64(1), 2], [2, 1]] {
          group.addTask {
            try await pool.transaction { (transaction) throws(PostgresError) in
              _ = try await transaction.query(Self.lock, [.int8(order[0])])
              seen.begun.add(1, ordering: .relaxed)
              // Both have what the other wants; who runs again finds that so already.
              for _ in 0..<5_000 {
                if seen.begun.load(ordering: .relaxed) >= 2 { break }
                await pool.loop.sleep(2)
              }
              _ = try await transaction.query(Self.lock, [.int8(order[1])])
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(await counters(of: pool).refused >= 1, "there was a deadlock")
      let sum = try await pool.query(Statement("sum", "SELECT sum(n)::int8 FROM t")).first?.int8(0)
      #expect(sum == 4)
    }
  }

  private func name(of pool: PostgresPool) async throws -> String {
    try #require(await pool.query(Statement("name", "SELECT current_database()::text")).first).text(0)
  }
}
