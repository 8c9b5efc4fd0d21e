import ChatCore
import Postgres

/// Conversations and their members in PostgreSQL: reading. Making and changing them stands in
/// `PostgresConversations+Making.swift` and `PostgresConversations+Changes.swift`.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresConversations: ConversationStore {
  /// A living conversation with the roles of two users in it.
  static let standing = Statement(
    "conversations.standing",
    """
    SELECT \(columns),
      (SELECT m.role FROM member m WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id = $3),
      (SELECT m.role FROM member m WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id = $4),
      (SELECT m.read_seq FROM member m WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id = $3),
      (SELECT m.read_seq FROM member m WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id = $4)
    FROM conversation c WHERE c.bucket = $1 AND c.id = $2 AND c.deleted_at IS NULL
    """, repeatable: true)
  /// A living conversation and one member of it: what comes before each page, so one lookup where the statement above
  /// has four.
  static let visible = Statement(
    "conversations.visible",
    """
    SELECT \(columns), m.role, m.read_seq FROM conversation c
      LEFT JOIN LATERAL (
        SELECT k.role, k.read_seq FROM member k
        WHERE k.bucket = $1 AND k.conversation = $2 AND k.user_id = $3 LIMIT 1) m ON true
    WHERE c.bucket = $1 AND c.id = $2 AND c.deleted_at IS NULL
    """, brief: true)
  static let living = Statement(
    "conversations.living",
    """
    SELECT \(columns), m.read_seq FROM unnest($1::smallint[]::bigint[], $2::bigint[]) AS asked (bucket, id)
      JOIN conversation c ON c.bucket = asked.bucket::smallint AND c.id = asked.id
      LEFT JOIN member m ON m.bucket = c.bucket AND m.conversation = c.id AND m.user_id = $3
    WHERE c.deleted_at IS NULL ORDER BY c.id
    """, repeatable: true, scatter: .conversationsListed)
  static let listed = Statement(
    "conversations.listed",
    """
    SELECT l.conversation FROM user_conversation l WHERE l.bucket = $1 AND l.user_id = $2 AND l.conversation > $3
    ORDER BY l.conversation LIMIT $4
    """, repeatable: true)
  /// With the head of his self conversation, which lies in the same bucket, as of the same moment.
  static let all = Statement(
    "conversations.all",
    """
    SELECT l.conversation, NULL::bigint FROM user_conversation l WHERE l.bucket = $1 AND l.user_id = $2
    UNION ALL SELECT c.id, c.head
      FROM chat_user u JOIN conversation c ON c.bucket = u.bucket AND c.id = u.own_conversation
      WHERE u.bucket = $1 AND u.id = $2
    """, brief: true)
  /// No head of a deleted one; what is not there at all has no row.
  static let livingHeads = Statement(
    "conversations.living_heads",
    """
    SELECT c.id, CASE WHEN c.deleted_at IS NULL THEN c.head END
    FROM unnest($1::smallint[]::bigint[], $2::bigint[]) AS asked (bucket, id)
      JOIN conversation c ON c.bucket = asked.bucket::smallint AND c.id = asked.id
    """, repeatable: true, scatter: .resumeHeads)
  static let members = Statement(
    "members.page",
    """
    SELECT m.user_id, m.username, m.role, m.read_seq FROM member m
    WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id > $3
    ORDER BY m.user_id LIMIT $4
    """, repeatable: true)

  static let statements =
    [standing, visible, living, listed, all, livingHeads, members, sharing] + listStatements
    + makingStatements + changeStatements

  private static let columns = "c.id, c.kind, c.title, c.head, c.created_at, c.member_count, c.picture"

  let pool: PostgresPool
  let ids: IdBlocks
  let failure: StoreFailure
  let desk: ScatterDesk
  /// How many members a conversation is shown with after a change of it.
  let membersShown: Int
  let sweep = ListSweep()
  /// How many conversations of a user are compared with others'.
  let conversationsMax: Int

  /// One conversation as `reader` may see it.
  public func conversation(_ id: ConversationID, for reader: UserID, members: Int) async throws(ChatError)
    -> Conversation?
  {
    try await failure.translating { () throws(PostgresError) in
      let key: [Parameter] = [.int2(id.bucket.number), .int8(id.rawValue), .int8(reader.rawValue)]
      guard let row = try await pool.query(Self.visible, key).first else { return nil }
      let found = try Self.conversation(row, readSeq: row.optionalInt8(8))
      guard ConversationRules.maySee(found.kind, role: try row.optionalText(7).map(Self.role)) else { return nil }
      return try await show([found], members: members).first
    }
  }

  /// The user's conversations ascending by id, without the self conversation.
  public func conversations(of user: UserID, after: ConversationID?, limit: Int, members: Int) async throws(ChatError)
    -> [Conversation]
  {
    try await failure.translating { () throws(PostgresError) in
      var found: [Conversation] = []
      var last = after?.rawValue ?? 0
      // Deleted conversations are still listed; where they fill a page the next one is looked at.
      while found.count < limit {
        let wanted = limit - found.count
        let rows = try await pool.query(
          Self.listed, [.int2(user.bucket.number), .int8(user.rawValue), .int8(last), .int8(Int64(wanted))])
        let ids = try rows.map { (row) throws(PostgresError) in ConversationID(rawValue: try row.int8(0)) }
        let living = try await living(ids, for: user)
        found += living
        await unlistDeleted(among: Set(ids).subtracting(living.map(\.id)), of: user)
        guard let end = ids.last, ids.count == wanted else { break }
        last = end.rawValue
      }
      return try await show(found, members: members)
    }
  }

  /// All conversations of the user with their heads, the self conversation too.
  ///
  /// The head of the self conversation is that of the moment at which the list was read: what it says after that of his
  /// coming and going is not in the list. The other heads may be a little newer.
  public func heads(of user: UserID) async throws(ChatError) -> UserHeads {
    try await failure.translating { () throws(PostgresError) in
      let rows = try await pool.query(Self.all, [.int2(user.bucket.number), .int8(user.rawValue)])
      var own: [ConversationID: Int64] = [:]
      var others: [ConversationID] = []
      for row in rows {
        let id = ConversationID(rawValue: try row.int8(0))
        if let head = try row.optionalInt8(1) { own[id] = head } else { others.append(id) }
      }
      var (heads, deleted) = try await livingHeads(of: others)
      await unlist(deleted, of: user)
      heads.known.merge(own) { _, own in own }
      return heads
    }
  }

  /// Members ascending by user id.
  public func members(of id: ConversationID, after: UserID?, limit: Int) async throws(ChatError) -> [Member] {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.members, Self.page(of: id, after: after, limit: limit)).map(Self.member)
    }
  }

  private func living(_ ids: [ConversationID], for reader: UserID) async throws(PostgresError) -> [Conversation] {
    var living: [Conversation] = []
    for part in ids.parts(of: Scatter.conversationsListed.most) {
      let rows = try await desk.rows(
        Self.living, [.int2s(part.map(\.bucket.number)), .int8s(part.map(\.rawValue)), .int8(reader.rawValue)])
      living += try rows.map { (row) throws(PostgresError) in
        try Self.conversation(row, readSeq: row.optionalInt8(7))
      }
    }
    return living
  }

  /// Adds the first members, by one statement a conversation (``ScatterDesk/each(_:_:onPlain:)``).
  func show(_ conversations: [Conversation], members limit: Int) async throws(PostgresError) -> [Conversation] {
    guard limit > 0 else { return conversations }
    let pages = try await desk.each(
      Self.members, conversations.map { Self.page(of: $0.id, after: nil, limit: limit) }, onPlain: pool)
    var shown = conversations
    for (index, page) in pages.enumerated() where shown.indices.contains(index) {
      shown[index].members = try page.map(Self.member)
    }
    return shown
  }
}

// MARK: - Rows

extension PostgresConversations {
  /// A conversation as it stands inside a transaction, and what the two concerned may do in it.
  struct Standing {
    var conversation: Conversation
    let caller: Role?
    let subject: Role?
    /// Up to where the subject has read.
    let subjectRead: Int64

    init(_ row: Row) throws(PostgresError) {
      conversation = try PostgresConversations.conversation(row, readSeq: row.optionalInt8(9))
      subjectRead = try row.optionalInt8(10) ?? 0
      caller = try row.optionalText(7).map(PostgresConversations.role)
      subject = try row.optionalText(8).map(PostgresConversations.role)
    }
  }

  static func standing(of caller: UserID, and subject: UserID, in id: ConversationID) -> [Parameter] {
    [.int2(id.bucket.number), .int8(id.rawValue), .int8(caller.rawValue), .int8(subject.rawValue)]
  }

  static func key(_ id: ConversationID) -> [Parameter] { [.int2(id.bucket.number), .int8(id.rawValue)] }

  private static func page(of id: ConversationID, after: UserID?, limit: Int) -> [Parameter] {
    [.int2(id.bucket.number), .int8(id.rawValue), .int8(after?.rawValue ?? 0), .int8(Int64(clamping: max(0, limit)))]
  }

  static func conversation(_ row: Row, readSeq: Int64?) throws(PostgresError) -> Conversation {
    guard let kind = ConversationKind(rawValue: try row.text(1)), let count = Int(exactly: try row.int8(5)) else {
      throw .unexpectedReply("a conversation of unknown kind")
    }
    return Conversation(
      id: ConversationID(rawValue: try row.int8(0)), kind: kind, title: try row.optionalText(2),
      picture: try row.optionalText(6), head: try row.int8(3),
      createdAt: Timestamp(milliseconds: try row.time(4)), members: [], memberCount: count, readSeq: readSeq ?? 0)
  }

  static func member(_ row: Row) throws(PostgresError) -> Member {
    Member(
      user: UserID(rawValue: try row.int8(0)), username: try row.text(1), role: try role(row.text(2)),
      readSeq: try row.int8(3))
  }

  static func role(_ text: String) throws(PostgresError) -> Role {
    guard let role = Role(rawValue: text) else { throw .unexpectedReply("an unknown role") }
    return role
  }
}
