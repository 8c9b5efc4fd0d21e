import ChatCore
import Postgres

/// Files that lie elsewhere: a row in the owner's bucket, and one beside the conversation in which they are named; both
/// in one transaction.
extension PostgresFiles {
  static let saidBy = Statement(
    "file_links.said_by",
    """
    SELECT e.conversation FROM entry e
    WHERE e.bucket = $1 AND e.id = $2 AND e.author = $3 AND e.kind = 1 AND e.deleted_at IS NULL
    """)
  /// Locked, so that who leaves meanwhile leaves after it.
  static let memberName = Statement(
    "file_links.member",
    """
    SELECT m.username FROM member m WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id = $3 FOR SHARE
    """)
  static let placeLink = Statement(
    "file_links.place",
    """
    INSERT INTO conversation_file
      (bucket, conversation, message, file, owner, owner_name, name, url, size, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    """)
  static let linkByID = Statement(
    "file_links.by_id",
    """
    SELECT \(ownColumns) FROM file f JOIN chat_user u ON u.bucket = f.bucket AND u.id = f.owner
    WHERE f.bucket = $1 AND f.id = $2 AND f.url IS NOT NULL
    """, repeatable: true)
  static let linksOfOwner = Statement(
    "file_links.of_owner",
    """
    SELECT \(ownColumns) FROM file f JOIN chat_user u ON u.bucket = f.bucket AND u.id = f.owner
    WHERE f.bucket = $1 AND f.owner = $2 AND f.id < $3 AND f.url IS NOT NULL ORDER BY f.id DESC LIMIT $4
    """, repeatable: true)
  static let linksOfConversation = Statement(
    "file_links.of_conversation",
    """
    SELECT \(placeColumns) FROM conversation_file p
    WHERE p.bucket = $1 AND p.conversation = $2 AND p.message = $3 AND p.file > $4 ORDER BY p.file LIMIT $5
    """, repeatable: true)
  static let linksOfMessages = Statement(
    "file_links.of_messages",
    """
    SELECT \(placeColumns) FROM conversation_file p
    WHERE p.bucket = $1 AND p.conversation = $2 AND p.message = ANY ($3::bigint[])
      AND EXISTS (SELECT 1 FROM entry e WHERE e.bucket = $1 AND e.id = p.message AND e.deleted_at IS NULL)
    ORDER BY p.message, p.file LIMIT $4
    """, repeatable: true)
  static let conversationOf = Statement(
    "file_links.conversation_of",
    "SELECT e.conversation FROM entry e WHERE e.bucket = $1 AND e.id = $2 AND e.kind = 1 AND e.deleted_at IS NULL",
    repeatable: true)
  static let displaceLink = Statement(
    "file_links.displace",
    "DELETE FROM conversation_file WHERE bucket = $1 AND conversation = $2 AND message = $3 AND file = $4")

  static let linkStatements = [
    saidBy, memberName, placeLink, linkByID, linksOfOwner, linksOfConversation, linksOfMessages, conversationOf,
    displaceLink,
  ]

  private static let ownColumns =
    "f.id, f.owner, u.username, f.name, f.url, f.size, f.conversation, f.message, f.created_at"
  private static let placeColumns =
    "p.file, p.owner, p.owner_name, p.name, p.url, p.size, p.conversation, p.message, p.created_at"

  /// Remembers a file that lies elsewhere.
  public func register(_ new: NewFileLink, quota: FileUsage) async throws(ChatError) -> FileLink {
    try await pool.transaction(failing: { failure($0) }) { (transaction) throws(ChatError) in
      let (conversation, message) = try await place(of: new, in: transaction)
      let member: [Parameter] = [
        .int2(conversation.bucket.number), .int8(conversation.rawValue), .int8(new.owner.rawValue),
      ]
      let name = try await failure.translating { () throws(PostgresError) in
        try await transaction.query(Self.memberName, member).first.map { (row) throws(PostgresError) in
          try row.text(0)
        }
      }
      guard let name else {
        throw .invalid([message == nil ? .unknownFileConversation : .unknownFileMessage])
      }
      let row = NewRow(
        owner: new.owner, name: new.name, type: FileType.unknown.rawValue, size: new.size,
        access: FileAccess.conversations.rawValue, url: new.url, conversation: conversation, message: message)
      let made = try await failure.translating { () throws(PostgresError) -> FileLink? in
        guard let made = try await transaction.query(Self.reserve, row.parameters(quota)).first else { return nil }
        let link = FileLink(
          id: FileID(rawValue: try made.int8(0)), owner: Author(id: new.owner, username: name), name: new.name,
          url: new.url, size: new.size, conversation: conversation, message: message,
          createdAt: Timestamp(milliseconds: try made.time(1)))
        _ = try await transaction.query(Self.placeLink, link.row)
        return link
      }
      guard let made else { throw .conflict(.fileQuota) }
      return made
    }
  }

  private func place(of new: NewFileLink, in transaction: PostgresTransaction) async throws(ChatError) -> (
    ConversationID, EntryID?
  ) {
    switch new.place {
    case .conversation(let id): return (id, nil)
    case .message(let id):
      let found = try await failure.translating { () throws(PostgresError) in
        try await transaction.query(
          Self.saidBy, [.int2(id.bucket.number), .int8(id.rawValue), .int8(new.owner.rawValue)]
        ).first.map { (row) throws(PostgresError) in ConversationID(rawValue: try row.int8(0)) }
      }
      guard let found else { throw .invalid([.unknownFileMessage]) }
      return (found, id)
    }
  }

  /// One of them.
  public func fileLink(_ id: FileID) async throws(ChatError) -> FileLink? {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.linkByID, id.key).first.map(Self.link)
    }
  }

  /// The owner's, newest first.
  public func fileLinks(of owner: UserID, before: FileID?, limit: Int) async throws(ChatError) -> [FileLink] {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.linksOfOwner, Self.page(owner, before, limit)).map(Self.link)
    }
  }

  /// Those at that place.
  public func fileLinks(at place: FilePlace, after: FileID?, limit: Int) async throws(ChatError) -> [FileLink] {
    try await failure.translating { () throws(PostgresError) in
      let conversation: ConversationID
      var message: Int64 = 0
      switch place {
      case .conversation(let id): conversation = id
      case .message(let id):
        let found = try await pool.query(Self.conversationOf, [.int2(id.bucket.number), .int8(id.rawValue)]).first
        guard let number = try found?.int8(0) else { return [] }
        (conversation, message) = (ConversationID(rawValue: number), id.rawValue)
      }
      let part: [Parameter] = [
        .int2(conversation.bucket.number), .int8(conversation.rawValue), .int8(message), .int8(after?.rawValue ?? 0),
        .int8(Int64(clamping: max(0, limit))),
      ]
      return try await pool.query(Self.linksOfConversation, part).map(Self.link)
    }
  }

  /// Those at any of these messages.
  public func fileLinks(
    of messages: [EntryID], in conversation: ConversationID, limit: Int
  ) async throws(ChatError) -> [FileLink] {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(
        Self.linksOfMessages,
        [
          .int2(conversation.bucket.number), .int8(conversation.rawValue), .int8s(messages.map(\.rawValue)),
          .int8(Int64(clamping: max(0, limit))),
        ]
      ).map(Self.link)
    }
  }

  /// Takes one of the owner's away.
  public func unregister(_ id: FileID, of owner: UserID) async throws(ChatError) -> Bool {
    try await failure.translating { () throws(PostgresError) in
      try await pool.transaction { (transaction) throws(PostgresError) in
        guard let row = try await transaction.query(Self.linkByID, id.key).first, case let link = try Self.link(row),
          link.owner.id == owner
        else { return false }
        _ = try await transaction.query(Self.displaceLink, Array(link.row.prefix(4)))
        _ = try await transaction.query(Self.forget, id.key)
        return true
      }
    }
  }

  private static func link(_ row: Row) throws(PostgresError) -> FileLink {
    FileLink(
      id: FileID(rawValue: try row.int8(0)),
      owner: Author(id: UserID(rawValue: try row.int8(1)), username: try row.text(2)), name: try row.text(3),
      url: try row.text(4), size: try row.int8(5), conversation: ConversationID(rawValue: try row.int8(6)),
      message: try row.optionalInt8(7).flatMap { EntryID(checking: $0) },
      createdAt: Timestamp(milliseconds: try row.time(8)))
  }
}

extension FileLink {
  /// As a row of `conversation_file`.
  fileprivate var row: [Parameter] {
    [
      .int2(conversation.bucket.number), .int8(conversation.rawValue), .int8(message?.rawValue ?? 0),
      .int8(id.rawValue), .int8(owner.id.rawValue), .text(owner.username), .text(name), .text(url), .int8(size),
      .time(createdAt.milliseconds),
    ]
  }
}
