import ChatCore
import Postgres

/// The counters of buckets, by which a lost notification is found.
extension PostgresLog {
  static let counters = Statement(
    "log.counters", "SELECT q.bucket, q.head FROM bucket_seq q WHERE q.bucket = ANY($1)", repeatable: true,
    scatter: .logCounters)
  /// On which node each bucket lies, which any node of a Citus knows; asks no other.
  static let places = Statement(
    "citus.places",
    """
    SELECT asked.bucket, p.groupid FROM unnest($1::smallint[]) AS asked (bucket)
      JOIN pg_dist_placement p
        ON p.shardid = get_shard_id_for_distribution_column('\(CitusStanding.anchor)', asked.bucket)
    """, repeatable: true)

  /// The counter of each bucket's newest entry. Buckets on a node of a Citus that is away are left out, when others can
  /// be told: what is away must not hide what is lost elsewhere.
  public func counters(of buckets: [Bucket]) async throws(ChatError) -> [Bucket: Int64] {
    guard !buckets.isEmpty else { return [:] }
    return try await failure.translating { () throws(PostgresError) in
      var counters: [Bucket: Int64] = [:]
      for part in buckets.parts(of: Scatter.logCounters.most) {
        counters.merge(try await told(Array(part))) { $1 }
      }
      return counters
    }
  }

  private func told(_ buckets: [Bucket]) async throws(PostgresError) -> [Bucket: Int64] {
    do {
      return try await asked(buckets)
    } catch {
      guard case .server(let refusal) = error, refusal.isOfAnotherNode,
        let groups = try? await groups(of: buckets), groups.count > 1
      else { throw error }
      var told: [Bucket: Int64]?
      for group in groups {
        do { told = try await asked(group).merging(told ?? [:]) { $1 } } catch {
          guard case .server(let refusal) = error, refusal.isOfAnotherNode else { throw error }
        }
      }
      guard let told else { throw error }
      return told
    }
  }

  private func asked(_ buckets: [Bucket]) async throws(PostgresError) -> [Bucket: Int64] {
    var counters = Dictionary(buckets.map { ($0, Int64(0)) }, uniquingKeysWith: { first, _ in first })
    for row in try await desk.rows(Self.counters, [.int2s(buckets.map(\.number))]) {
      if let bucket = Bucket(try row.int2(0)) { counters[bucket] = try row.int8(1) }
    }
    return counters
  }

  /// The buckets by the node that has them: as many questions as there are machines.
  private func groups(of buckets: [Bucket]) async throws(PostgresError) -> [[Bucket]] {
    var groups: [Int32: [Bucket]] = [:]
    for row in try await pool.query(Self.places, [.int2s(buckets.map(\.number))]) {
      if let bucket = Bucket(try row.int2(0)) { groups[try row.int4(1), default: []].append(bucket) }
    }
    return groups.sorted { $0.key < $1.key }.map(\.value)
  }
}
