import ChatCore
import Postgres

/// Pages of the past, which a replica may serve: the same pages as from the primary, by statements that also tell what
/// the replica has of the conversation. Without a replica, or when it does not do, the primary answers.
extension PostgresLog {
  /// By what the entry at one `seq` is known: two histories with the same one there are the same up to it. It never
  /// changes, and the ids that senders give, or that we give for them, are different in different histories.
  private static func mark(of alias: String) -> String {
    let columns = ["id", "author", "client_message_id"].map { "\(alias).\($0)" }.joined(separator: ", ")
    return "hashtextextended(concat_ws(' ', \(columns), extract(epoch FROM \(alias).created_at)), 0)"
  }

  /// What the primary has at the head as of which a page is asked.
  static let mark = Statement(
    "log.mark",
    "SELECT \(mark(of: "h")) FROM entry h WHERE h.bucket = $1 AND h.conversation = $2 AND h.seq = $3", repeatable: true)

  private static func told(head: String) -> String {
    """
    c.head, pg_is_in_recovery(), (
        SELECT \(mark(of: "h")) FROM entry h WHERE h.bucket = $1 AND h.conversation = $2 AND h.seq = \(head))
    """
  }

  static let pastEntries = past("past.entries", "k.seq > $3 AND k.seq <= $5 ORDER BY k.seq LIMIT $4")
  static let pastNewest = past(
    "past.newest_messages", "k.seq < $3 AND k.seq <= $5 AND k.kind = 1 ORDER BY k.seq DESC LIMIT $4")
  static let pastOldest = past(
    "past.oldest_messages", "k.seq > $3 AND k.seq <= $5 AND k.kind = 1 ORDER BY k.seq LIMIT $4")
  static let pastMessagesByID = Statement(
    "past.messages_by_id",
    """
    SELECT \(EntryRows.columns(of: "e")), \(told(head: "$4")) FROM conversation c
      LEFT JOIN LATERAL (
        SELECT m.* FROM unnest($3::bigint[]) AS asked (id)
          CROSS JOIN LATERAL (SELECT k.* FROM entry k WHERE k.bucket = $1 AND k.id = asked.id LIMIT 1) m) e ON true
    WHERE c.bucket = $1 AND c.id = $2
    """)

  static let pastStatements = [mark, pastEntries, pastNewest, pastOldest, pastMessagesByID]

  /// At least one row when the replica knows the conversation: without entries its columns are NULL.
  ///
  /// Not `repeatable`: what is lost with its connection is asked of the primary, at once.
  private static func past(_ name: String, _ part: String) -> Statement {
    Statement(
      name,
      """
      SELECT \(EntryRows.columns(of: "e")), \(told(head: "$5")) FROM conversation c
        LEFT JOIN LATERAL (
          SELECT k.* FROM entry k WHERE k.bucket = $1 AND k.conversation = $2 AND \(part)) e ON true
      WHERE c.bucket = $1 AND c.id = $2 ORDER BY e.seq
      """)
  }

  /// Entries with `after < seq`: from a replica exactly those up to `head`, from the primary at least those.
  public func entries(
    of conversation: ConversationID, after: Int64, limit: Int, asOf head: Int64
  ) async throws(ChatError) -> [Entry] {
    let part = Self.part(of: conversation, from: after, limit) + [.int8(head)]
    guard
      let entries = await page(
        Self.pastEntries, part, head,
        { (row) throws(PostgresError) in
          try EntryRows.entry(row, in: conversation)
        })
    else { return try await self.entries(of: conversation, after: after, limit: limit) }
    let changed = Set(entries.compactMap(\.event.changedMessage)).sorted()
    guard !changed.isEmpty else { return entries }
    let key: [Parameter] = [
      .int2(conversation.bucket.number), .int8(conversation.rawValue), .int8s(changed.map(\.rawValue)),
      .int8(head),
    ]
    if let now = await page(Self.pastMessagesByID, key, head, Self.message(in: conversation)) {
      return entries.map { $0.telling(now) }
    }
    return try await failure.translating { () throws(PostgresError) in
      let now = try await messages(changed, in: conversation)
      return entries.map { $0.telling(now) }
    }
  }

  /// Messages of a page, ascending by `seq`: from a replica as of `head`, from the primary as of then or later.
  public func messages(
    of conversation: ConversationID, page: Page, limit: Int, asOf head: Int64
  ) async throws(ChatError) -> [Message] {
    func ask(_ statement: Statement, _ seq: Int64, _ limit: Int) async -> [Message]? {
      let part = Self.part(of: conversation, from: seq, limit) + [.int8(head)]
      return await self.page(statement, part, head, Self.message(in: conversation))
    }
    let found: [Message]?
    switch page {
    case .latest: found = await ask(Self.pastNewest, .max, limit)
    case .before(let seq): found = await ask(Self.pastNewest, seq, limit)
    case .after(let seq): found = await ask(Self.pastOldest, seq, limit)
    case .around(let seq):
      if let earlier = await ask(Self.pastNewest, seq == .max ? seq : seq + 1, (limit + 1) / 2),
        let later = await ask(Self.pastOldest, seq, limit / 2)
      {
        found = earlier + later
      } else {
        found = nil
      }
    }
    if let found { return found }
    return try await messages(of: conversation, page: page, limit: limit)
  }

  private static func message(in conversation: ConversationID) -> (Row) throws(PostgresError) -> Message {
    { (row) throws(PostgresError) in try EntryRows.message(row, in: conversation) }
  }

  /// What a replica gives; nil when the primary has to be asked, also for rows of a shape that we do not know.
  private func page<Value>(
    _ statement: Statement, _ parameters: [Parameter], _ head: Int64, _ read: (Row) throws(PostgresError) -> Value
  ) async -> [Value]? {
    guard let replicas,
      let rows = await replicas.ask(
        statement, parameters, asOf: head, confirmedBy: pool, Self.mark, Array(parameters.prefix(2)) + [.int8(head)])
    else { return nil }
    return try? rows.filter { (row) throws(PostgresError) in try row.optionalInt8(0) != nil }.map(read)
  }
}
