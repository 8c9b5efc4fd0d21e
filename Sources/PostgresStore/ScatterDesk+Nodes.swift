import Postgres

/// Asking each node of a Citus for itself, where one of them is away: for who is better told of some than of none.
extension ScatterDesk {
  /// On which node each bucket lies, which any node of a Citus knows; asks no other.
  ///
  /// Each bucket's shard is found before the join: Citus does not say that its function is a stable one, so that within
  /// the join it would be called for each bucket with each placement of each table, millions of times for all buckets.
  static let places = Statement(
    "citus.places",
    """
    WITH asked AS MATERIALIZED (
      SELECT a.bucket, get_shard_id_for_distribution_column('\(CitusStanding.anchor)', a.bucket) AS shard
      FROM unnest($1::smallint[]) AS a (bucket))
    SELECT asked.bucket, p.groupid FROM asked JOIN pg_dist_placement p ON p.shardid = asked.shard
    """, repeatable: true)

  /// The answer for all of them; or, when that failed as it does where a node is gone or silent, those for what lies on
  /// each of the others.
  ///
  /// - Parameters:
  ///   - pool: is asked where they lie; the desk's own may be busy with who is silent.
  ///   - ask: gives the answer for some of them.
  /// - Cost: a silent node takes its whole time twice.
  func byNode<Key: Sendable, Answer: Sendable>(
    _ all: [Key], in bucket: (Key) -> Int16, placesFrom pool: PostgresPool,
    _ ask: @escaping @Sendable ([Key]) async throws(PostgresError) -> Answer
  ) async throws(PostgresError) -> [Answer] {
    do {
      return [try await ask(all)]
    } catch {
      guard Self.mayBeOfOneNode(error), await isOnCitus(),
        let groups = try? await groups(of: Set(all.map(bucket)), pool), groups.count > 1
      else { throw error }
      let parts = groups.map { group in all.filter { group.contains(bucket($0)) } }
      // All at once: the one that is silent takes its whole time.
      let answers = await withTaskGroup(of: Result<Answer, PostgresError>.self) { tasks in
        for part in parts { tasks.addTask { await Self.result(of: part, ask) } }
        return await tasks.reduce(into: []) { $0.append($1) }
      }
      var told: [Answer] = []
      for answer in answers {
        do { told.append(try answer.get()) } catch {
          // Behind one that is silent a part may not even have been sent.
          guard Self.mayBeOfOneNode(error) || error == .timeout(sent: false) else { throw error }
        }
      }
      guard !told.isEmpty else { throw error }
      return told
    }
  }

  private static func result<Key, Answer>(
    of part: [Key], _ ask: ([Key]) async throws(PostgresError) -> Answer
  ) async -> Result<Answer, PostgresError> {
    do { return .success(try await ask(part)) } catch { return .failure(error) }
  }

  /// Whether others may answer where this one did not: it was lost, or said nothing until the server or we gave up.
  static func mayBeOfOneNode(_ error: PostgresError) -> Bool {
    switch error {
    case .timeout(sent: true): true
    case .server(let refusal): refusal.isOfAnotherNode || refusal.sqlstate == SQLState.canceled
    default: false
    }
  }

  /// The buckets by the node that has them: as many questions as there are machines.
  func groups(of buckets: Set<Int16>, _ pool: PostgresPool) async throws(PostgresError) -> [Set<Int16>] {
    try await groupsByNumber(of: buckets, pool).sorted { $0.key < $1.key }.map(\.value)
  }

  func groupsByNumber(
    of buckets: Set<Int16>, _ pool: PostgresPool
  ) async throws(PostgresError) -> [Int32: Set<Int16>] {
    var groups: [Int32: Set<Int16>] = [:]
    for row in try await pool.query(Self.places, [.int2s(buckets.sorted())]) {
      groups[try row.int4(1), default: []].insert(try row.int2(0))
    }
    return groups
  }
}
