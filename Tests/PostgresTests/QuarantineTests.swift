import IORuntime
import TestKit
import Testing

@testable import Postgres

/// What hangs in one bucket holds one connection, and what touches other buckets goes on.
@Suite("Quarantine")
struct QuarantineTests {
  private static let make = Statement("make", "CREATE TABLE t (bucket int2 PRIMARY KEY, n int8 NOT NULL)")
  private static let put = Statement("put", "INSERT INTO t VALUES (1, 0), (2, 0), (3, 0), (4, 0)")
  private static let raise = Statement("raise", "UPDATE t SET n = n + 1 WHERE bucket = $1 RETURNING n")
  private static let read = Statement("read", "SELECT n FROM t WHERE bucket = $1", repeatable: true)
  private static let many = 150
  private static let lock = Statement("lock", "SELECT n FROM t WHERE bucket = ANY($1) FOR UPDATE")

  /// A pool, and a transaction that has the rows of some buckets locked until `body` ends.
  private func whileLocked(
    _ buckets: [Int16], lockTimeout: Int64, _ body: (PostgresPool) async throws -> Void
  ) async throws {
    try await withPool({
      $0.connections = 4
      $0.queryTimeout = 30_000
      $0.statementTimeout = 30_000
      $0.lockTimeout = lockTimeout
    }) { pool, url in
      _ = try await pool.query(Self.make)
      _ = try await pool.query(Self.put)
      while await counters(of: pool).ready < 4 { await pool.loop.sleep(5) }
      try await withPool(to: url) { other in
        let failure = try await other.transaction { (holder) throws(PostgresError) -> (any Error)? in
          _ = try await holder.query(Self.lock, [.int2s(buckets)])
          do {
            try await body(pool)
            return nil
          } catch {
            return error
          }
        }
        if let failure { throw failure }
      }
    }
  }

  /// Sends so many in one go; how it stands right after, and what comes of them.
  private static func burst(
    _ count: Int, of bucket: Int16, in pool: PostgresPool
  ) async -> (now: PostgresCounters, outcomes: AsyncStream<PostgresError?>) {
    let (outcomes, told) = AsyncStream<PostgresError?>.makeStream()
    let now = await withCheckedContinuation { (asked: CheckedContinuation<PostgresCounters, Never>) in
      pool.loop.execute {
        for _ in 0..<count {
          pool.submit([(raise, [.int2(bucket)])]) { result in
            if case .failure(let error) = result { told.yield(error) } else { told.yield(nil) }
          }
        }
        asked.resume(returning: pool.counters)
      }
    }
    return (now, outcomes)
  }

  private static func value(of bucket: Int16, in pool: PostgresPool) async throws -> Int64? {
    try await pool.query(read, [.int2(bucket)]).first?.int8(0)
  }

  @Test("what is asked of a bucket while something of it hangs waits without a connection; reading goes on")
  func whileItHangs() async throws {
    let pools = AsyncStream<AsyncStream<PostgresError?>>.makeStream()
    try await whileLocked([1], lockTimeout: 30_000) { pool in
      let first = await Self.burst(1, of: 1, in: pool)
      // Longer than what is taken for slow.
      await pool.loop.sleep(100)
      let more = await Self.burst(20, of: 1, in: pool)
      #expect((more.now.underWay, more.now.waiting) == (1, 20))
      for _ in 0..<20 { _ = try await pool.query(Self.raise, [.int2(2)]) }
      #expect(try await Self.value(of: 2, in: pool) == 20)
      #expect(try await Self.value(of: 1, in: pool) == 0, "a lock does not hold up who reads")
      let after = await counters(of: pool)
      #expect((after.underWay, after.waiting) == (1, 20), "all others have passed")
      for outcomes in [first.outcomes, more.outcomes] { pools.continuation.yield(outcomes) }
    }
  }

  @Test("a bucket that has had a time-out has one try at a time, until one succeeds")
  func afterItHung() async throws {
    var left: AsyncStream<PostgresError?>?
    try await whileLocked([1], lockTimeout: 100) { pool in
      let first = await Self.burst(8, of: 1, in: pool)
      #expect(first.now.underWay == 8, "nobody knows yet")
      var failures = 0
      for await outcome in first.outcomes.prefix(8) { failures += outcome?.sqlstate == "55P03" ? 1 : 0 }
      #expect(failures > 0)
      // So many that some still wait when the lock goes, however long it takes others to pass.
      let more = await Self.burst(Self.many, of: 1, in: pool)
      #expect((more.now.underWay, more.now.waiting) == (1, Self.many - 1))
      for _ in 0..<20 { _ = try await pool.query(Self.raise, [.int2(2)]) }
      left = more.outcomes
    }
    // The lock is gone: one succeeds, and then all that have not been refused before.
    var succeeded = 0
    if let left { for await outcome in left.prefix(Self.many) { succeeded += outcome == nil ? 1 : 0 } }
    #expect(succeeded > 0)
  }

  @Test("buckets in trouble have half of the connections together, and take turns with them")
  func several() async throws {
    try await whileLocked([1, 2, 3], lockTimeout: 100) { pool in
      for bucket: Int16 in 1...3 {
        for await outcome in await Self.burst(1, of: bucket, in: pool).outcomes.prefix(1) {
          #expect(outcome?.sqlstate == "55P03")
        }
      }
      var all: [AsyncStream<PostgresError?>] = []
      for bucket: Int16 in 1...3 { all.append(await Self.burst(3, of: bucket, in: pool).outcomes) }
      #expect(await counters(of: pool).underWay <= 2)
      _ = try await pool.query(Self.raise, [.int2(4)])
      // Each is refused in its turn: none waits for ever behind the others.
      for outcomes in all { for await outcome in outcomes.prefix(3) { #expect(outcome?.sqlstate == "55P03") } }
    }
  }

  @Test("a try that ends after its bucket was found well is no try any more when the bucket is in trouble again")
  func endsAfterRecovery() {
    func flight() -> Flight { Flight(.statements([(Self.raise, [.int2(1)])]), deadline: .max) { _ in } }
    var quarantine = Quarantine()
    let (hung, earlier, attempt) = (flight(), flight(), flight())
    _ = quarantine.ended(hung, as: .hung)
    quarantine.began(attempt)
    #expect(quarantine.hindrance(of: flight(), atMost: 2) == 1)
    _ = quarantine.ended(earlier, as: .answered)
    _ = quarantine.ended(attempt, as: .answered)
    _ = quarantine.ended(hung, as: .hung)
    #expect(quarantine.hindrance(of: flight(), atMost: 2) == nil, "nothing is under way that would tell")
  }
}
