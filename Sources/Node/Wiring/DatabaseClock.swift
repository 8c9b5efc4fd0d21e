import ChatCore
import Postgres

/// The database's clock beside this machine's.
enum DatabaseClock {
  /// How far they may be apart, in milliseconds: a token's beginning may lie 30 s ahead, a request that nodes pass on
  /// 10 s, and two nodes may differ from the database to both sides.
  static let apartMax: Int64 = 5_000

  private static let now = Statement(
    "clock.now", "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", repeatable: true)

  /// Milliseconds by which the database's is ahead, below 0 when it is behind; right to half of the answer's time.
  ///
  /// - Throws: ``PostgresError``.
  static func lead(on pool: PostgresPool) async throws(PostgresError) -> Int64 {
    let asked = SystemClock().now.milliseconds
    guard let theirs = try await pool.query(now).first?.int8(0) else {
      throw .unexpectedReply("no row from \(now.name)")
    }
    return theirs - (asked + SystemClock().now.milliseconds) / 2
  }
}
