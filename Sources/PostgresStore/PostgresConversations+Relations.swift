import ChatCore
import Postgres

/// What users are to each other. Contacts and blocks, once they are stored, join here.
extension PostgresConversations {
  /// Of some users those whose list holds one of the conversations; their lists are read by key, a shard each.
  static let sharing = Statement(
    "conversations.sharing",
    """
    SELECT DISTINCT l.user_id FROM unnest($1::smallint[]::bigint[], $2::bigint[]) AS asked (bucket, user_id)
      JOIN user_conversation l ON l.bucket = asked.bucket::smallint AND l.user_id = asked.user_id
    WHERE l.conversation = ANY($3::bigint[])
    """, repeatable: true, scatter: .sharedConversations)

  /// What a user is to others.
  public func relations(of user: UserID, to others: [UserID]) async throws(ChatError) -> [UserID: Relation] {
    guard !others.isEmpty else { return [:] }
    return try await failure.translating { () throws(PostgresError) in
      let listed: [Parameter] = [
        .int2(user.bucket.number), .int8(user.rawValue), .int8(0), .int8(Int64(conversationsMax)),
      ]
      let mine = try await pool.query(Self.listed, listed).map { (row) throws(PostgresError) in try row.int8(0) }
      guard !mine.isEmpty else { return [:] }
      var relations: [UserID: Relation] = [:]
      for part in others.parts(of: Scatter.sharedConversations.most) {
        let rows = try await desk.rows(
          Self.sharing, [.int2s(part.map(\.bucket.number)), .int8s(part.map(\.rawValue)), .int8s(mine)])
        for row in rows { relations[UserID(rawValue: try row.int8(0))] = Relation(sharesConversation: true) }
      }
      return relations
    }
  }
}
