import ChatCore
import IORuntime
import Postgres

/// The logs of all conversations in PostgreSQL: reading. How a message is stored stands in `SendLanes.swift`.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresLog: LogStore {
  static let entries = Statement(
    "log.entries",
    """
    SELECT \(EntryRows.columns) FROM entry WHERE bucket = $1 AND conversation = $2 AND seq > $3 ORDER BY seq LIMIT $4
    """, brief: true)
  static let newest = Statement(
    "log.newest_messages",
    """
    SELECT \(EntryRows.columnsOfMessage) FROM entry
    WHERE bucket = $1 AND conversation = $2 AND seq < $3 AND kind = 1
    ORDER BY seq DESC LIMIT $4
    """, brief: true)
  static let oldest = Statement(
    "log.oldest_messages",
    """
    SELECT \(EntryRows.columnsOfMessage) FROM entry
    WHERE bucket = $1 AND conversation = $2 AND seq > $3 AND kind = 1
    ORDER BY seq LIMIT $4
    """, brief: true)
  /// The head of a living conversation, and by what a user may read it.
  static let readable = Statement(
    "log.readable",
    """
    SELECT c.head, c.kind,
      (SELECT m.role FROM member m WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id = $3)
    FROM conversation c WHERE c.bucket = $1 AND c.id = $2 AND c.deleted_at IS NULL
    """, brief: true)
  /// Each by its whole key: with `id = ANY(…)` a planner without statistics reads the whole bucket.
  static let messagesByID = Statement(
    "log.messages_by_id",
    """
    SELECT \(EntryRows.columns(of: "e")) FROM unnest($2::bigint[]) AS asked (id)
      CROSS JOIN LATERAL (SELECT k.* FROM entry k WHERE k.bucket = $1 AND k.id = asked.id LIMIT 1) e
    """, brief: true)
  static let heads = Statement(
    "log.heads",
    """
    SELECT c.id, c.head FROM unnest($1::smallint[]::bigint[], $2::bigint[]) AS asked (bucket, id)
      JOIN conversation c ON c.bucket = asked.bucket::smallint AND c.id = asked.id
    """, repeatable: true, scatter: .logHeads)

  static let byClientID = Statement(
    "log.by_client_id",
    """
    SELECT \(EntryRows.columns) FROM entry
    WHERE bucket = $1 AND conversation = $2 AND author = $3 AND client_message_id = $4
    """, brief: true)

  static let statements =
    [byClientID, entries, newest, oldest, readable, messagesByID, counters, heads, entriesAfter] + pastStatements

  let pool: PostgresPool
  let lanes: SendLanes
  let failure: StoreFailure
  /// Where pages of the past are asked for first.
  let replicas: ReplicaReader?
  let desk: ScatterDesk

  /// Stores a message, or finds the one that was stored under the same client id.
  ///
  /// A repetition is rare, so the message as it is now is then read with all that has come to it since.
  public func append(_ message: NewMessage) async throws(ChatError) -> Appended {
    try await asItIsNow(try await lanes.append(message), message.conversation)
  }

  /// The same without a task.
  public var prompt: (any PromptLog)? { PromptLanes(log: self) }

  fileprivate func asItIsNow(_ appended: Appended, _ id: ConversationID) async throws(ChatError) -> Appended {
    guard appended.repeated else { return appended }
    let now = try await failure.translating { () throws(PostgresError) in
      try await messages([appended.message.id], in: id)
    }
    return Appended(message: now.first?.told ?? appended.message, repeated: true)
  }

  /// The message that was stored under that client id.
  public func message(
    by sender: UserID, clientMessageID: String, in conversation: ConversationID
  ) async throws(ChatError) -> Message? {
    try await failure.translating { () throws(PostgresError) in
      let key: [Parameter] = [
        .int2(conversation.bucket.number), .int8(conversation.rawValue), .int8(sender.rawValue), .text(clientMessageID),
      ]
      guard let row = try await pool.query(Self.byClientID, key).first, try EntryRows.isKeyGiven(row) else {
        return nil
      }
      return try EntryRows.message(row, in: conversation)
    }
  }

  /// Entries with `after < seq`, ascending; those of edits and deletions with the message as it is now, or as it was
  /// then where its row cannot be read.
  public func entries(of conversation: ConversationID, after: Int64, limit: Int) async throws(ChatError) -> [Entry] {
    try await failure.translating { () throws(PostgresError) in
      let rows = try await pool.query(Self.entries, Self.part(of: conversation, from: after, limit))
      let entries = try rows.map { (row) throws(PostgresError) in
        try EntryRows.entry(row, in: conversation) { unreadable(row, $0) }
      }
      let changed = Set(entries.compactMap(\.event.changedMessage))
      guard !changed.isEmpty else { return entries }
      let now = try await messages(changed.sorted(), in: conversation)
      return entries.map { $0.telling(now) }
    }
  }

  func messages(_ ids: [EntryID], in conversation: ConversationID) async throws(PostgresError) -> [Message] {
    let rows = try await pool.query(
      Self.messagesByID, [.int2(conversation.bucket.number), .int8s(ids.map(\.rawValue))])
    return rows.compactMap { row in
      do throws(PostgresError) {
        return try EntryRows.message(row, in: conversation)
      } catch {
        unreadable(row, error)
        return nil
      }
    }
  }

  private func unreadable(_ row: Row, _ error: PostgresError) {
    let id = (try? row.int8(1)).map { " \($0)" } ?? ""
    failure.report("database: entry\(id): \(error)")
  }

  /// Messages of a page, ascending by `seq`.
  public func messages(of conversation: ConversationID, page: Page, limit: Int) async throws(ChatError) -> [Message] {
    try await failure.translating { () throws(PostgresError) in
      let parts = Self.parts(of: page, in: conversation, limit)
      let answers = try await pool.queries(parts)
      return try Self.messages(answers, of: parts, in: conversation)
    }
  }

  /// The same with the head, which a statement before them in the same round trip reads, as it reads who may see them;
  /// where a replica may have them, the head has to be known first.
  public func history(
    of conversation: ConversationID, for reader: UserID, page: Page, limit: Int
  ) async throws(ChatError) -> (head: Int64, messages: MessageList)? {
    let key: [Parameter] = [
      .int2(conversation.bucket.number), .int8(conversation.rawValue), .int8(reader.rawValue),
    ]
    guard replicas == nil else {
      let head = try await failure.translating { () throws(PostgresError) in
        try Self.readableHead(try await pool.query(Self.readable, key))
      }
      guard let head else { return nil }
      let messages = try await messages(of: conversation, page: page, limit: limit, asOf: head)
      return (head, MessageList(messages))
    }
    return try await failure.translating { () throws(PostgresError) in
      let parts = Self.parts(of: page, in: conversation, limit)
      var answers = try await pool.queries([(Self.readable, key)] + parts)[...]
      guard let head = try answers.popFirst().flatMap(Self.readableHead) else { return nil }
      let told = zip(parts, answers).map { (rows: $1, newestFirst: $0.statement == Self.newest) }
      return (head, MessageList(try StoredPage(told, in: conversation, failure)))
    }
  }

  /// The newest message of each, by one statement a conversation (``ScatterDesk/each(_:_:onPlain:)``).
  public func newest(in conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Message] {
    try await failure.translating { () throws(PostgresError) in
      let pages = try await desk.each(
        Self.newest, conversations.map { Self.part(of: $0, from: .max, 1) }, onPlain: pool)
      var found: [ConversationID: Message] = [:]
      for (id, rows) in zip(conversations, pages) {
        found[id] = try rows.first.map { (row) throws(PostgresError) in try EntryRows.message(row, in: id) }
      }
      return found
    }
  }

  /// The heads of those conversations, deleted ones too.
  public func heads(of conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Int64] {
    try await failure.translating { () throws(PostgresError) in
      let rows = try await desk.rows(
        Self.heads, of: conversations.map { ScatterID(bucket: $0.bucket.number, id: $0.rawValue) })
      var heads: [ConversationID: Int64] = [:]
      for (id, row) in rows { heads[ConversationID(rawValue: id)] = try row.int8(1) }
      return heads
    }
  }

  private typealias Part = (statement: Statement, parameters: [Parameter])

  private static func parts(of page: Page, in conversation: ConversationID, _ limit: Int) -> [Part] {
    switch page {
    case .latest:
      return [(newest, part(of: conversation, from: .max, limit))]
    case .before(let seq):
      return [(newest, part(of: conversation, from: seq, limit))]
    case .after(let seq):
      return [(oldest, part(of: conversation, from: seq, limit))]
    case .around(let seq):
      let below = seq == .max ? seq : seq + 1
      return [
        (newest, part(of: conversation, from: below, (limit + 1) / 2)),
        (oldest, part(of: conversation, from: seq, limit / 2)),
      ]
    }
  }

  private static func messages(
    _ answers: [Rows], of parts: [Part], in conversation: ConversationID
  ) throws(PostgresError) -> [Message] {
    var messages: [Message] = []
    messages.reserveCapacity(answers.reduce(0) { $0 + $1.count })
    for (part, rows) in zip(parts, answers) {
      let newestFirst = part.statement == newest
      for place in rows.indices {
        messages.append(try EntryRows.message(rows[newestFirst ? rows.count - 1 - place : place], in: conversation))
      }
    }
    return messages
  }

  private static func readableHead(_ rows: Rows) throws(PostgresError) -> Int64? {
    guard let row = rows.first else { return nil }
    guard let kind = ConversationKind(rawValue: try row.text(1)) else {
      throw .unexpectedReply("a conversation of unknown kind")
    }
    let role = try row.optionalText(2).map(PostgresConversations.role)
    return ConversationRules.maySee(kind, role: role) ? try row.int8(0) : nil
  }

  static func part(of conversation: ConversationID, from seq: Int64, _ limit: Int) -> [Parameter] {
    [
      .int2(conversation.bucket.number), .int8(conversation.rawValue), .int8(seq),
      .int8(Int64(clamping: max(0, limit))),
    ]
  }
}

extension Event {
  /// The message that was edited or deleted, if that is what happened.
  var changedMessage: EntryID? {
    switch self {
    case .messageEdited(let message), .messageDeleted(let message): message.id
    default: nil
    }
  }
}

extension Entry {
  /// The same with the changed message as it is now: its text stands in one place, from which a deletion takes it.
  func telling(_ now: [Message]) -> Entry {
    guard let message = now.first(where: { $0.id == event.changedMessage })?.told else { return self }
    let told: Event = if case .messageEdited = event { .messageEdited(message) } else { .messageDeleted(message) }
    return Entry(conversation: conversation, seq: seq, id: id, createdAt: createdAt, author: author, event: told)
  }
}

/// The log's lanes for callers on their loop.
private final class PromptLanes: PromptLog {
  private let log: PostgresLog

  init(log: PostgresLog) { self.log = log }

  func append(_ message: NewMessage, told: @escaping @Sendable (Result<Appended, ChatError>) -> Void) {
    let id = message.conversation
    log.lanes.append(message) { [self] result in
      guard case .success(let appended) = result, appended.repeated else { return told(result) }
      log.pool.loop.spawn {
        let now: Result<Appended, ChatError>
        do throws(ChatError) {
          now = .success(try await self.log.asItIsNow(appended, id))
        } catch {
          now = .failure(error)
        }
        told(now)
      }
    }
  }
}
