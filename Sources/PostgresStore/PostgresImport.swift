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
  /// As `send_batch` stores what waits in a lane, but with given names and times; whoever calls it has the bucket's
  /// lock. verdict: 0 stored, 1 stored before, 2 something else was, 3 no such conversation.
  static let append = Statement(
    "import.append",
    """
    WITH asked AS MATERIALIZED (
      SELECT a.*, c.head, e.id AS old_id, e.type AS old_type, e.text AS old_text,
        e.edited_at IS NOT NULL OR e.deleted_at IS NOT NULL AS changed
      FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
          $9::bigint[], $10::bigint[], $11::bigint[]) WITH ORDINALITY
          AS a (conversation, sender, name, key, type, text, reply, reply_place, said, edited, place)
        LEFT JOIN LATERAL (
          SELECT k.head FROM conversation k
          WHERE k.bucket = $1 AND k.id = a.conversation AND k.deleted_at IS NULL LIMIT 1) c ON true
        LEFT JOIN LATERAL (
          SELECT k.id, k.type, k.text, k.edited_at, k.deleted_at FROM entry k
          WHERE k.bucket = $1 AND k.conversation = a.conversation AND k.author = a.sender
            AND k.client_message_id = a.key LIMIT 1) e ON true
    ), counter AS MATERIALIZED (
      SELECT q.head FROM bucket_seq q WHERE q.bucket = $1
    ), accepted AS MATERIALIZED (
      SELECT a.*, a.head + row_number() OVER (PARTITION BY a.conversation ORDER BY a.place) AS new_seq,
        (((SELECT b.head FROM counter b) + row_number() OVER (ORDER BY a.place)) << 12) | $1::bigint AS new_id
      FROM asked a WHERE a.head IS NOT NULL AND a.old_id IS NULL
    ), written AS (
      INSERT INTO entry (bucket, conversation, seq, id, kind, author, author_name, created_at, client_message_id,
        client_given, type, text, reply_to, edited_at)
      SELECT $1, n.conversation, n.new_seq, n.new_id, 1, n.sender, n.name,
        timestamptz 'epoch' + n.said * interval '1 millisecond', n.key, true, n.type, n.text,
        coalesce(n.reply, t.old_id, r.new_id), timestamptz 'epoch' + n.edited * interval '1 millisecond'
      FROM accepted n LEFT JOIN asked t ON t.place = n.reply_place LEFT JOIN accepted r ON r.place = n.reply_place
      ORDER BY n.place
    ), raised AS (
      UPDATE conversation c SET head = (SELECT max(n.new_seq) FROM accepted n WHERE n.conversation = c.id)
      WHERE c.bucket = $1 AND c.id = ANY (ARRAY (SELECT DISTINCT n.conversation FROM accepted n))
    ), counted AS (
      UPDATE bucket_seq q SET head = q.head + (SELECT count(*) FROM accepted)
      WHERE q.bucket = $1 AND EXISTS (SELECT FROM accepted)
    )
    SELECT
      (CASE WHEN n.place IS NOT NULL THEN 0 WHEN a.head IS NULL THEN 3
        WHEN NOT a.changed AND (a.old_type <> a.type OR a.old_text <> a.text) THEN 2 ELSE 1 END)::smallint,
      coalesce(a.old_id, n.new_id)
    FROM asked a LEFT JOIN accepted n ON n.place = a.place
    ORDER BY a.place
    """)

  static let statements = [claim, maker, append]

  let pool: PostgresPool
  let ids: IdBlocks
  let failure: StoreFailure
  let users: PostgresUsers
  let contacts: PostgresContacts

  /// Who has the name with that key.
  public func holder(ofUsernameKey key: String) async throws(ChatError) -> User? {
    try await users.credentials(ofUsernameKey: key)?.user
  }

  /// Those of the ids that exist.
  public func users(_ ids: [UserID]) async throws(ChatError) -> [User] { try await users.users(ids) }

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
