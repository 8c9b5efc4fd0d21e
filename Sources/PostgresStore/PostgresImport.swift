import ChatCore
import Postgres

/// What comes from other systems, into PostgreSQL: accounts under given ids, history with its own times.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresImport: ImportStore {
  static let claim = Statement(
    "import.claim",
    """
    INSERT INTO username_claim (bucket, key, user_id) VALUES ($1, $2, $3)
    ON CONFLICT (bucket, key) DO NOTHING RETURNING user_id
    """)
  /// Who has made a conversation, and when; deleted ones too.
  static let maker = Statement(
    "import.maker",
    """
    SELECT e.author, c.created_at FROM conversation c
      LEFT JOIN LATERAL (
        SELECT k.author FROM entry k WHERE k.bucket = $1 AND k.conversation = $2 AND k.seq = 1 LIMIT 1) e ON true
    WHERE c.bucket = $1 AND c.id = $2
    """)
  /// What a message meets: the head of its living conversation, and what stands under its key. Whoever asks has the
  /// bucket's lock.
  static let lookUp = Statement(
    "import.look_up",
    """
    SELECT a.place, c.head, e.id, e.type, e.text, e.edited_at IS NOT NULL OR e.deleted_at IS NOT NULL AS changed
    FROM unnest($2::bigint[], $3::bigint[], $4::text[]) WITH ORDINALITY AS a (conversation, sender, key, place)
      LEFT JOIN LATERAL (
        SELECT k.head FROM conversation k
        WHERE k.bucket = $1 AND k.id = a.conversation AND k.deleted_at IS NULL LIMIT 1) c ON true
      LEFT JOIN LATERAL (
        SELECT k.id, k.type, k.text, k.edited_at, k.deleted_at FROM entry k
        WHERE k.bucket = $1 AND k.conversation = a.conversation AND k.author = a.sender
          AND k.client_message_id = a.key LIMIT 1) e ON true
    ORDER BY a.place
    """)
  static let put = Statement(
    "import.put",
    """
    INSERT INTO entry (bucket, conversation, seq, id, kind, author, author_name, created_at, client_message_id,
      client_given, type, text, reply_to, edited_at)
    VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, true, $9, $10, $11, $12)
    """)
  static let raise = Statement(
    "import.raise", "UPDATE conversation c SET head = $3 WHERE c.bucket = $1 AND c.id = $2")
  static let count = Statement("import.count", "UPDATE bucket_seq q SET head = $2 WHERE q.bucket = $1")

  static let statements = [claim, maker, lookUp, put, raise, count]

  let pool: PostgresPool
  let ids: IdBlocks
  let failure: StoreFailure
  let users: PostgresUsers
  let contacts: PostgresContacts
  let conversations: PostgresConversations

  /// Who has the name with that key.
  public func holder(ofUsernameKey key: String) async throws(ChatError) -> User? {
    try await users.credentials(ofUsernameKey: key)?.user
  }

  /// Those of the ids that exist.
  public func users(_ ids: [UserID]) async throws(ChatError) -> [User] { try await users.users(ids) }

  /// What is left of an account that has ended.
  public func endedAccount(_ id: UserID) async throws(ChatError) -> User? {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(PostgresCleanup.ended, PostgresUsers.key(id)).first.map(PostgresUsers.user)
    }
  }

  /// Makes an account under the given id.
  public func register(_ past: PastUser) async throws(ChatError) -> User {
    let bucket = past.username.bucket
    let number = try await failure.translating { () throws(PostgresError) in try await ids.next(.conversation) }
    let own = ConversationID(counter: number, bucket: bucket)
    let claim: [Parameter] = [.int2(bucket.number), .text(past.username.key), .int8(past.id.rawValue)]
    let made = try await failure.translating { () throws(PostgresError) in
      try await pool.transaction { (transaction) throws(PostgresError) -> User? in
        let answers = try await transaction.all(WritePlan.locks([bucket]) + [(Self.claim, claim)])
        guard answers.last?.first != nil else { return nil }
        let now = try PostgresConversations.moment(answers.dropLast().last)
        let user = User(
          id: past.id, username: past.username.text, displayName: past.displayName, email: past.email,
          createdAt: past.createdAt ?? now,
          ownConversation: own, avatarURL: past.avatarURL, attributes: past.attributes)
        try await PostgresUsers.store(user, hash: past.passwordHash, in: transaction)
        return user
      }
    }
    guard let made else { throw .conflict(.usernameTaken) }
    return made
  }

  /// Makes two what they were.
  public func restore(
    _ state: ContactState?, isBlocked: Bool, since: Timestamp?, of user: User, to other: User, limit: Int
  ) async throws(ChatError) {
    _ = try await contacts.change(
      .restore(state, isBlocked: isBlocked, since: since), by: user, to: other, limit: limit)
  }
}
