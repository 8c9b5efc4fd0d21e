import ChatCore
import Postgres

/// The counters of buckets, by which a lost notification is found, and what has come after them.
extension PostgresLog {
  /// With who tells each: a server is known by the moment at which it was started, and a standby, a backup that was put
  /// back, or whatever lacks what this one had, was started at another. In the list and not beside it, so that on a
  /// Citus it is the node that has the bucket.
  static let counters = Statement(
    "log.counters",
    "SELECT q.bucket, q.head, pg_postmaster_start_time() FROM bucket_seq q WHERE q.bucket = ANY($1)",
    repeatable: true, scatter: .logCounters)
  /// The entries of each bucket after one, by the index of their ids whatever the statistics say: a join without the
  /// limit reads the whole table where there are none. Citus refuses it.
  static let entriesAfter = Statement(
    "log.entries_after",
    """
    SELECT e.conversation, e.seq FROM unnest($1::smallint[], $2::bigint[]) AS asked (bucket, after)
      CROSS JOIN LATERAL (
        SELECT k.conversation, k.seq FROM entry k WHERE k.bucket = asked.bucket AND k.id > asked.after
        ORDER BY k.id LIMIT $3) e
    """, repeatable: true, scatter: .logEntries)
  /// The counter of each bucket's newest entry. Buckets on a node of a Citus that is away, or silent until the time is
  /// over, are left out when others can be told: what is away must not hide what is lost elsewhere.
  public func counters(of buckets: [Bucket]) async throws(ChatError) -> [Bucket: BucketCounter] {
    guard !buckets.isEmpty else { return [:] }
    return try await failure.translating { () throws(PostgresError) in
      var counters: [Bucket: BucketCounter] = [:]
      for part in buckets.parts(of: Scatter.logCounters.most) {
        counters.merge(try await told(Array(part))) { $1 }
      }
      return counters
    }
  }

  /// The heads of the conversations that have entries after that counter of their bucket; nil on a Citus, which has no
  /// cheap way to find them, and where a bucket has more than one statement reads.
  public func heads(after counters: [Bucket: Int64]) async throws(ChatError) -> [ConversationID: Int64]? {
    guard await !desk.isOnCitus() else { return nil }
    return try await failure.translating { () throws(PostgresError) in
      var heads: [ConversationID: Int64] = [:]
      for part in counters.sorted(by: { $0.key < $1.key }).parts(of: Scatter.logEntries.most) {
        var read: [Bucket: Int] = [:]
        for row in try await desk.rows(Self.entriesAfter, Self.places(of: part)) {
          let id = ConversationID(rawValue: try row.int8(0))
          heads[id] = max(try row.int8(1), heads[id] ?? 0)
          read[id.bucket, default: 0] += 1
        }
        guard read.values.allSatisfy({ $0 < Scatter.logEntries.most }) else { return nil }
      }
      return heads
    }
  }

  private static func places(of part: ArraySlice<(key: Bucket, value: Int64)>) -> [Parameter] {
    [
      .int2s(part.map(\.key.number)), .int8s(part.map { EntryID(counter: $0.value, bucket: $0.key).rawValue }),
      .int8(Int64(Scatter.logEntries.most)),
    ]
  }

  private func told(_ buckets: [Bucket]) async throws(PostgresError) -> [Bucket: BucketCounter] {
    let answers = try await desk.byNode(buckets, in: \.number, placesFrom: pool) {
      (some) throws(PostgresError) in try await asked(some)
    }
    return answers.reduce(into: [:]) { $0.merge($1) { $1 } }
  }

  private func asked(_ buckets: [Bucket]) async throws(PostgresError) -> [Bucket: BucketCounter] {
    var (counters, server) = ([Bucket: BucketCounter](), Int64(0))
    for row in try await desk.rows(Self.counters, [.int2s(buckets.map(\.number))]) {
      server = try row.time(2)
      if let bucket = Bucket(try row.int2(0)) {
        counters[bucket] = BucketCounter(newest: try row.int8(1), server: server)
      }
    }
    // Nobody has written in the others.
    for bucket in buckets where counters[bucket] == nil {
      counters[bucket] = BucketCounter(newest: 0, server: server)
    }
    return counters
  }
}
