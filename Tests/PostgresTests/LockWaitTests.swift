import IORuntime
import Postgres
import TestKit
import Testing

/// What somebody holds locked delays those who want it, and nobody else.
@Suite("Waiting for a lock")
struct LockWaitTests {
  private static let make = Statement("make", "CREATE TABLE t (a int8 PRIMARY KEY, n int8 NOT NULL)")
  private static let put = Statement("put", "INSERT INTO t VALUES (1, 0), (2, 0)")
  private static let lock = Statement("lock", "UPDATE t SET n = n + 1 WHERE a = $1")
  private static let sums = Statement("sums", "SELECT t.n FROM t ORDER BY t.a", repeatable: true)

  /// Waits that are longer than any machine is slow, so that what passes does not pass because somebody gave up.
  private static func patient(_ settings: inout PostgresSettings) {
    settings.queryTimeout = 30_000
    settings.statementTimeout = 30_000
    settings.lockTimeout = 30_000
  }

  private static func add(
    _ key: Int64, locking locks: Set<Int16>, in pool: PostgresPool
  ) async throws(PostgresError) {
    try await pool.transaction(locking: locks) { (transaction) throws(PostgresError) in
      _ = try await transaction.query(lock, [.int8(key)])
    }
  }

  private static func values(in pool: PostgresPool) async throws -> [Int64] {
    try await pool.query(sums).map { (row) throws(PostgresError) in try row.int8(0) }
  }

  /// Runs `body` while somebody else has the first row locked.
  private func whileLocked(
    _ adjust: (inout PostgresSettings) -> Void,
    _ body: (PostgresPool, inout ThrowingTaskGroup<Void, any Error>) async throws -> Void
  ) async throws -> [Int64] {
    try await withPool({
      Self.patient(&$0)
      adjust(&$0)
    }) { pool, url in
      _ = try await pool.query(Self.make)
      _ = try await pool.query(Self.put)
      return try await withPool(to: url) { other in
        try await withThrowingTaskGroup(of: Void.self) { group in
          let failure = try await other.transaction { (holder) throws(PostgresError) -> (any Error)? in
            _ = try await holder.query(Self.lock, [.int8(1)])
            do {
              try await body(pool, &group)
              return nil
            } catch {
              return error
            }
          }
          try await group.waitForAll()
          if let failure { throw failure }
        }
        return try await Self.values(in: pool)
      }
    }
  }

  @Test("transactions that lock one thing take turns with one connection, and who locks another passes them")
  func turns() async throws {
    let values = try await whileLocked({
      $0.connections = 3
      $0.waitingForLockMax = 5
    }) { pool, group in
      for _ in 0..<5 { group.addTask { try await Self.add(1, locking: [1, 3], in: pool) } }
      while await counters(of: pool).waiting < 4 { await pool.loop.sleep(5) }
      // One waits on the server and four without a connection, so a second may be had.
      for _ in 0..<3 { try await Self.add(2, locking: [2], in: pool) }
      let error = await failure { () throws(PostgresError) in try await Self.add(1, locking: [1], in: pool) }
      #expect(error == .queueFull, "a thing has its share of those who wait")
      #expect(await counters(of: pool).waiting == 4)
    }
    #expect(values == [6, 3])
  }

  @Test("the only connection for transactions is let go while its lock is waited for", arguments: [1, 2])
  func onlySeat(connections: Int) async throws {
    let values = try await whileLocked({ $0.connections = connections }) { pool, group in
      group.addTask { try await Self.add(1, locking: [1], in: pool) }
      while await counters(of: pool).underWay < 1 { await pool.loop.sleep(5) }
      for _ in 0..<3 {
        try await Self.add(2, locking: [2], in: pool)
        let values = try await Self.values(in: pool)
        #expect(values.first == 0, "it still waits")
      }
    }
    #expect(values == [2, 3])
  }

  @Test("statements go round a connection on which something is likely to wait for a lock")
  func goneRound() async throws {
    let values = try await whileLocked({ $0.connections = 2 }) { pool, group in
      while await counters(of: pool).ready < 2 { await pool.loop.sleep(5) }
      group.addTask {
        await withCheckedContinuation { (answered: CheckedContinuation<Void, Never>) in
          pool.loop.execute {
            pool.submit([(Self.lock, [.int8(1)])], waits: .likely) { _ in answered.resume() }
          }
        }
      }
      while await counters(of: pool).underWay < 1 { await pool.loop.sleep(5) }
      try await withThrowingTaskGroup(of: Void.self) { readers in
        for _ in 0..<20 {
          readers.addTask {
            let values = try await Self.values(in: pool)
            #expect(values == [0, 0])
          }
        }
        try await readers.waitForAll()
      }
      #expect(await counters(of: pool).underWay == 1, "none of the twenty stood behind what waits")
    }
    #expect(values == [2, 0])
  }

  @Test("however many are likely to wait for locks, they leave one connection to all others")
  func lastConnection() async throws {
    let values = try await whileLocked({ $0.connections = 3 }) { pool, group in
      while await counters(of: pool).ready < 3 { await pool.loop.sleep(5) }
      for _ in 0..<6 {
        group.addTask {
          await withCheckedContinuation { (answered: CheckedContinuation<Void, Never>) in
            pool.loop.execute {
              pool.submit([(Self.lock, [.int8(1)])], waits: .likely) { _ in answered.resume() }
            }
          }
        }
      }
      while await counters(of: pool).underWay < 6 { await pool.loop.sleep(5) }
      for _ in 0..<20 {
        let values = try await Self.values(in: pool)
        #expect(values == [0, 0])
      }
      #expect(await counters(of: pool).underWay == 6, "all of them still wait")
    }
    #expect(values == [7, 0])
  }
}
