import ChatCore
import EntryText
import JSONText
import Postgres

/// Changing accounts: each is one transaction in the user's bucket, under the lock of his row, which opening a session
/// shares: whoever signs in at the same moment is either ended with the others or refused.
extension PostgresUsers {
  static let setHash = Statement(
    "users.set_hash",
    "UPDATE chat_user SET password_hash = $3 WHERE bucket = $1 AND id = $2 AND deleted_at IS NULL", repeatable: true)
  static let hash = Statement(
    "users.hash",
    "SELECT u.password_hash FROM chat_user u WHERE u.bucket = $1 AND u.id = $2 AND u.deleted_at IS NULL",
    repeatable: true)
  static let lockAttributes = Statement(
    "users.lock",
    """
    SELECT u.attributes FROM chat_user u
    WHERE u.bucket = $1 AND u.id = $2 AND u.deleted_at IS NULL FOR NO KEY UPDATE
    """)
  static let change = Statement(
    "users.change",
    """
    UPDATE chat_user u SET
      display_name = coalesce($3, u.display_name),
      email = CASE WHEN $4 THEN $5 ELSE u.email END,
      avatar_url = CASE WHEN $6 THEN $7 ELSE u.avatar_url END,
      attributes = CASE WHEN $8 THEN $9 ELSE u.attributes END
    WHERE u.bucket = $1 AND u.id = $2 AND u.deleted_at IS NULL
    RETURNING \(columns)
    """, repeatable: true)
  /// Those that live, which the limit of sessions bounds, and the few that expired since the last sign-in.
  static let endOthers = Statement(
    "users.end_sessions",
    """
    DELETE FROM user_session s WHERE s.bucket = $1 AND s.user_id = $2 AND s.id <> $3 AND s.ended_at IS NULL
    RETURNING s.id
    """)
  static let dropEnded = Statement(
    "users.drop_sessions",
    """
    DELETE FROM user_session s WHERE s.bucket = $1 AND s.id IN (
      SELECT o.id FROM user_session o
      WHERE o.bucket = $1 AND o.user_id = $2 AND o.id <> $3 AND o.ended_at IS NOT NULL LIMIT $4)
    """)
  /// Rows of ended sessions that go with a new password or an account. Who signs in by a script had half a million, and
  /// a stolen password could not be changed: what deletes them all is over its time each time it is tried.
  static let endedMost = 1_000
  static let markDeleted = Statement(
    "users.delete",
    """
    UPDATE chat_user SET deleted_at = now(), password_hash = '', email = NULL, avatar_url = NULL, attributes = NULL
    WHERE bucket = $1 AND id = $2 AND deleted_at IS NULL
    """)

  static let changeStatements = [setHash, hash, lockAttributes, change, endOthers, dropEnded, markDeleted]

  /// Replaces the password hash.
  public func setPasswordHash(_ hash: String, of user: UserID) async throws(ChatError) {
    try await failure.translating { () throws(PostgresError) in
      _ = try await pool.query(Self.setHash, Self.key(user) + [.text(hash)])
    }
  }

  /// The hash of the user's password.
  public func passwordHash(of user: UserID) async throws(ChatError) -> String? {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.hash, Self.key(user)).first.map { (row) throws(PostgresError) in try row.text(0) }
    }
  }

  /// Replaces the password hash and ends the user's other sessions.
  public func changePassword(
    _ hash: String, of user: UserID, keeping kept: SessionID?
  ) async throws(ChatError) -> [SessionID] {
    let ended = try await changing(user, by: Self.setHash, [.text(hash)], keeping: kept)
    guard let ended else { throw .notFound(.user) }
    return ended
  }

  /// Ends the account with all its sessions, and notes what it leaves behind.
  public func delete(_ user: UserID) async throws(ChatError) -> Bool {
    try await changing(user, by: Self.markDeleted, [], keeping: nil, isEnd: true) != nil
  }

  private static func note(_ user: UserID, in transaction: PostgresTransaction) async throws(PostgresError) {
    guard let row = try await transaction.query(PostgresCleanup.picture, key(user)).first else { return }
    _ = try await transaction.query(PostgresCleanup.note, key(user) + [.text(try row.optionalText(0))])
  }

  /// Changes the user's row, then ends his sessions; nil when he has no row.
  private func changing(
    _ user: UserID, by statement: Statement, _ rest: [Parameter], keeping kept: SessionID?, isEnd: Bool = false
  ) async throws(ChatError) -> [SessionID]? {
    defer { desk.forget() }
    return try await failure.translating { () throws(PostgresError) in
      try await pool.transaction { (transaction) throws(PostgresError) -> [SessionID]? in
        if isEnd { try await Self.note(user, in: transaction) }
        guard try await transaction.query(statement, Self.key(user) + rest).affected == 1 else { return nil }
        // A statement of its own, so that it sees the sessions that were opened while the row was waited for.
        let others = Self.key(user) + [.int8(kept?.rawValue ?? 0)]
        let ended = try await transaction.query(Self.endOthers, others)
        _ = try await transaction.query(Self.dropEnded, others + [.int8(Int64(Self.endedMost))])
        return try ended.map { (row) throws(PostgresError) in SessionID(rawValue: try row.int8(0)) }
      }
    }
  }

  /// Changes what the change names.
  public func update(_ user: UserID, _ change: ProfileChange) async throws(ChatError) -> User {
    defer { desk.forget() }
    guard !change.attributes.isEmpty else {
      let changed = try await failure.translating { () throws(PostgresError) in
        try await pool.query(Self.change, Self.parameters(user, change, attributes: nil)).first.map(Self.user)
      }
      guard let changed else { throw .notFound(.user) }
      return changed
    }
    return try await pool.transaction(failing: { failure($0) }) { (transaction) throws(ChatError) in
      let old = try await failure.translating { () throws(PostgresError) -> [String: String]? in
        let row = try await transaction.query(Self.lockAttributes, Self.key(user)).first
        return try row.map { (row) throws(PostgresError) in try Self.attributes(row.optionalText(0)) }
      }
      guard let old else { throw .notFound(.user) }
      let merged = try ProfileRules.merge(old, change.attributes)
      let changed = try await failure.translating { () throws(PostgresError) in
        try await transaction.query(Self.change, Self.parameters(user, change, attributes: merged)).first.map(Self.user)
      }
      guard let changed else { throw .notFound(.user) }
      return changed
    }
  }

  static func key(_ user: UserID) -> [Parameter] { [.int2(user.bucket.number), .int8(user.rawValue)] }

  private static func parameters(
    _ user: UserID, _ change: ProfileChange, attributes: [String: String]?
  ) -> [Parameter] {
    key(user) + [
      .text(change.displayName), .bool(change.email != nil), .text(change.email ?? nil),
      .bool(change.avatarURL != nil), .text(change.avatarURL ?? nil), .bool(attributes != nil),
      .text(attributes.flatMap { $0.isEmpty ? nil : text(of: $0) }),
    ]
  }

  static func text(of attributes: [String: String]) -> String {
    var writer = JSONWriter()
    EntryText.write(attributes, to: &writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }
}
