import ChatCore
import JSONText
import Postgres

/// Accounts in PostgreSQL: a user's row and the claim of his name lie in the bucket of his name. Changing them stands
/// in `PostgresUsers+Changes.swift`.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresUsers: UserStore {
  static let claim = Statement("users.claim", "SELECT user_id, moment FROM claim_username($1, $2)")
  static let insert = Statement(
    "users.insert",
    """
    INSERT INTO chat_user
      (bucket, id, username, display_name, email, password_hash, own_conversation, created_at, avatar_url, attributes)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    """)
  static let byID = Statement(
    "users.by_id",
    "SELECT \(columns) FROM chat_user u WHERE u.bucket = $1 AND u.id = $2 AND u.deleted_at IS NULL", brief: true)
  static let byIDs = Statement(
    "users.by_ids",
    """
    SELECT \(columns) FROM unnest($1::smallint[]::bigint[], $2::bigint[]) AS asked (bucket, id)
      JOIN chat_user u ON u.bucket = asked.bucket::smallint AND u.id = asked.id
    WHERE u.deleted_at IS NULL ORDER BY u.id
    """, repeatable: true, scatter: .usersByID)
  static let byKey = Statement(
    "users.by_key",
    """
    SELECT \(columns), u.password_hash
    FROM username_claim c JOIN chat_user u ON u.bucket = c.bucket AND u.id = c.user_id
    WHERE c.bucket = $1 AND c.key = $2 AND u.deleted_at IS NULL
    """, brief: true)
  static let search = Statement(
    "users.search",
    """
    SELECT \(columns) FROM username_claim c JOIN chat_user u ON u.bucket = c.bucket AND u.id = c.user_id
    WHERE c.key >= $1 AND c.key < $2 AND c.key > $3 AND u.deleted_at IS NULL
    ORDER BY c.key LIMIT $4
    """, repeatable: true, scatter: .usersByName)

  static let below = Statement(
    "users.below",
    """
    SELECT \(columns) FROM username_claim c JOIN chat_user u ON u.bucket = c.bucket AND u.id = c.user_id
    WHERE c.key < $1 AND u.deleted_at IS NULL ORDER BY c.key DESC LIMIT $2
    """, repeatable: true, scatter: .usersByName)

  static let statements = [claim, insert, byID, byIDs, byKey, search, below] + changeStatements

  static let columns =
    "u.id, u.username, u.display_name, u.email, u.own_conversation, u.created_at, u.avatar_url, u.attributes"

  let pool: PostgresPool
  let ids: IdBlocks
  let failure: StoreFailure
  let desk: ScatterDesk

  /// Claims the name and makes the user with his self conversation, all in the bucket of his name.
  public func register(_ new: NewUser) async throws(ChatError) -> User {
    do {
      let own = ConversationID(counter: try await ids.next(.conversation), bucket: new.username.bucket)
      let made = try await pool.transaction { (transaction) throws(PostgresError) -> User? in
        let claimed = try await transaction.query(
          Self.claim, [.int2(new.username.bucket.number), .text(new.username.key)])
        guard let row = claimed.first else { return nil }
        let user = User(
          id: UserID(rawValue: try row.int8(0)), username: new.username.text, displayName: new.displayName,
          email: new.email, createdAt: Timestamp(milliseconds: try row.time(1)), ownConversation: own,
          avatarURL: new.avatarURL, attributes: new.attributes)
        try await Self.store(user, hash: new.passwordHash, in: transaction)
        return user
      }
      guard let made else { throw ChatError.conflict(.usernameTaken) }
      desk.forget()
      return made
    } catch let error as PostgresError {
      throw failure(error)
    } catch let error as ChatError {
      throw error
    } catch {
      throw .internalError("\(error)")
    }
  }

  /// Makes the row of a user whose name has been claimed, and his self conversation.
  static func store(_ user: User, hash: String, in transaction: PostgresTransaction) async throws(PostgresError) {
    let own = Conversation(
      id: user.ownConversation, kind: .self, title: nil, head: 1, createdAt: user.createdAt,
      members: [Member(user: user.id, username: user.username, role: .owner)], memberCount: 1)
    let insert: [Parameter] = [
      .int2(user.id.bucket.number), .int8(user.id.rawValue), .text(user.username), .text(user.displayName),
      .text(user.email), .text(hash), .int8(own.id.rawValue), .time(user.createdAt.milliseconds),
      .text(user.avatarURL), .text(user.attributes.isEmpty ? nil : text(of: user.attributes)),
    ]
    var plan = WritePlan(at: user.createdAt)
    plan.add(Self.insert, insert)
    plan.make(own, by: user.author)
    _ = try await plan.carryOut(in: transaction)
  }

  /// The user with that id.
  public func user(_ id: UserID) async throws(ChatError) -> User? {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.byID, [.int2(id.bucket.number), .int8(id.rawValue)]).first.map(Self.user)
    }
  }

  /// Those of the ids that exist, ascending.
  public func users(_ ids: [UserID]) async throws(ChatError) -> [User] {
    guard !ids.isEmpty else { return [] }
    return try await failure.translating { () throws(PostgresError) in
      let unique = Set(ids).sorted()
      let rows = try await desk.rows(
        Self.byIDs, of: unique.map { ScatterID(bucket: $0.bucket.number, id: $0.rawValue) })
      return try unique.compactMap { rows[$0.rawValue] }.map(Self.user)
    }
  }

  /// The user with that name and his password hash.
  public func credentials(ofUsernameKey key: String) async throws(ChatError) -> (user: User, passwordHash: String)? {
    try await failure.translating { () throws(PostgresError) in
      let bucket = Bucket(ofUsernameKey: key)
      guard let row = try await pool.query(Self.byKey, [.int2(bucket.number), .text(key)]).first else { return nil }
      return (try Self.user(row), try row.text(8))
    }
  }

  /// Users whose name key begins with `prefix`, ascending by the bytes of the key.
  public func search(prefix: String, after: String?, limit: Int) async throws(ChatError) -> [User] {
    try await failure.translating { () throws(PostgresError) in
      // No name holds the last code point, so that this bounds all that begin so.
      let end = prefix + "\u{10FFFF}"
      let most = Int64(clamping: min(max(0, limit), Scatter.usersByName.most))
      let rows = try await desk.rows(
        Self.search, [.text(prefix), .text(end), .text(after ?? ""), .int8(most)])
      return try rows.map(Self.user)
    }
  }

  /// The users whose name keys lie nearest to each of the keys.
  public func near(keys: [String], each: Int) async throws(ChatError) -> [User] {
    try await failure.translating { () throws(PostgresError) in
      let limit = Parameter.int8(Int64(clamping: max(0, each)))
      let above = try await desk.rows(
        Self.search, each: keys.map { [.text($0), .text("\u{10FFFF}"), .text(""), limit] })
      let below = try await desk.rows(Self.below, each: keys.map { [.text($0), limit] })
      var found: [UserID: User] = [:]
      for rows in above + below {
        for row in rows {
          let user = try Self.user(row)
          found[user.id] = user
        }
      }
      return found.values.sorted { $0.id < $1.id }
    }
  }

  static func user(_ row: Row) throws(PostgresError) -> User {
    User(
      id: UserID(rawValue: try row.int8(0)), username: try row.text(1), displayName: try row.text(2),
      email: try row.optionalText(3), createdAt: Timestamp(milliseconds: try row.time(5)),
      ownConversation: ConversationID(rawValue: try row.int8(4)), avatarURL: try row.optionalText(6),
      attributes: try attributes(row.optionalText(7)))
  }

  static func attributes(_ text: String?) throws(PostgresError) -> [String: String] {
    guard let text else { return [:] }
    guard let object = (try? JSONValue(parsing: Array(text.utf8), limits: .frame))?.object else {
      throw .unexpectedReply("a user's attributes")
    }
    return object.entries.reduce(into: [:]) { $0[$1.name] = $1.value.string }
  }
}
