import ChatCore
import Postgres

/// What users are to each other. Contacts and blocks, once they are stored, join here.
extension PostgresConversations {
  /// Of some users those whose list holds one of the conversations, and the newest of these; lists are read by key,
  /// a shard each.
  static let sharing = Statement(
    "conversations.sharing",
    """
    SELECT l.user_id, max(l.conversation) FROM unnest($1::smallint[]::bigint[], $2::bigint[]) AS asked (bucket, user_id)
      JOIN user_conversation l ON l.bucket = asked.bucket::smallint AND l.user_id = asked.user_id
    WHERE l.conversation = ANY($3::bigint[]) GROUP BY l.user_id
    """, repeatable: true, scatter: .sharedConversations)
  /// What a user is to others.
  ///
  /// A deleted conversation stays on its members' lists until they come and see, and makes nobody anything to another.
  public func relations(of user: UserID, to others: [UserID]) async throws(ChatError) -> [UserID: Relation] {
    guard !others.isEmpty else { return [:] }
    return try await failure.translating { () throws(PostgresError) in
      let listed: [Parameter] = [
        .int2(user.bucket.number), .int8(user.rawValue), .int8(0), .int8(Int64(conversationsMax)),
      ]
      let mine = try await pool.query(Self.listed, listed).map { (row) throws(PostgresError) in try row.int8(0) }
      var relations: [UserID: Relation] = [:]
      for part in others.parts(of: Scatter.sharedConversations.most) {
        for user in try await whoShares(Set(mine), among: Array(part)) {
          relations[user] = Relation(sharesConversation: true)
        }
      }
      return relations
    }
  }

  private func whoShares(_ mine: Set<Int64>, among others: [UserID]) async throws(PostgresError) -> Set<UserID> {
    let (living, doubtful) = try await newestShared(mine, among: others)
    guard !doubtful.isEmpty else { return living }
    // Some newer ones are deleted: of all that he has, since behind one there may be many.
    let rest = try await newestShared(mine.subtracting(try await deleted(among: mine)), among: doubtful)
    return living.union(rest.living)
  }

  /// Those with whom the newest common conversation is a living one, and those with whom it is not.
  private func newestShared(
    _ mine: Set<Int64>, among others: [UserID]
  ) async throws(PostgresError) -> (living: Set<UserID>, doubtful: [UserID]) {
    guard !mine.isEmpty else { return ([], []) }
    let rows = try await desk.rows(
      Self.sharing, [.int2s(others.map(\.bucket.number)), .int8s(others.map(\.rawValue)), .int8s(mine.sorted())])
    let common = try rows.map { (row) throws(PostgresError) in (UserID(rawValue: try row.int8(0)), try row.int8(1)) }
    let deleted = try await deleted(among: Set(common.map(\.1)))
    return (
      Set(common.filter { !deleted.contains($0.1) }.map(\.0)), common.filter { deleted.contains($0.1) }.map(\.0)
    )
  }

  /// What is not there at all may be yet to come, on a Citus.
  private func deleted(among ids: Set<Int64>) async throws(PostgresError) -> Set<Int64> {
    var deleted = Set<Int64>()
    for part in ids.sorted().parts(of: Scatter.resumeHeads.most) {
      let asked = part.map { ScatterID(bucket: ConversationID(rawValue: $0).bucket.number, id: $0) }
      for (id, row) in try await desk.rows(Self.livingHeads, of: asked) where try row.optionalInt8(1) == nil {
        deleted.insert(id)
      }
    }
    return deleted
  }
}
