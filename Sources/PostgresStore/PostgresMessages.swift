import ChatCore
import EntryText
import Postgres

/// Messages after they were sent, in PostgreSQL: changes, reactions, read markers.
///
/// A change locks the bucket's log, reads the message with the caller's membership, asks the domain's rules, and writes
/// the message's row and its entry in one round trip: no send of the bucket comes between.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresMessages: MessageStore {
  /// An entry with its living conversation and the caller's membership. Each is looked up by its whole key and nothing
  /// else, as in `store_messages`, so that no planner without statistics reads more.
  static let standing = Statement(
    "messages.standing",
    """
    SELECT \(EntryRows.columns(of: "e")), c.id, c.kind, c.head, m.username, m.role,
      EXISTS (SELECT 1 FROM reaction r WHERE r.bucket = $1 AND r.message = $2 AND r.user_id = $3 AND r.emoji = $4),
      \(ContactRows.directColumns)
    FROM entry e
      LEFT JOIN LATERAL (
        SELECT k.id, k.kind, k.head, k.direct_low, k.direct_high FROM conversation k
        WHERE k.bucket = $1 AND k.id = e.conversation AND k.deleted_at IS NULL LIMIT 1) c ON true
      LEFT JOIN LATERAL (
        SELECT k.username, k.role FROM member k
        WHERE k.bucket = $1 AND k.conversation = e.conversation AND k.user_id = $3 LIMIT 1) m ON true
      \(ContactRows.joined)
    WHERE e.bucket = $1 AND e.id = $2
    """, repeatable: true)
  static let rewrite = Statement(
    "messages.rewrite",
    """
    UPDATE entry e SET text = $3, previous_text = $4, edited_at = $5, deleted_at = $6, reactions = $7, changed_seq = $8,
      attachments = CASE WHEN $6 IS NULL THEN e.attachments END
    WHERE e.bucket = $1 AND e.id = $2
    """)
  static let addReaction = Statement(
    "reactions.add", "INSERT INTO reaction (bucket, message, user_id, emoji) VALUES ($1, $2, $3, $4)")
  static let removeReaction = Statement(
    "reactions.remove",
    "DELETE FROM reaction r WHERE r.bucket = $1 AND r.message = $2 AND r.user_id = $3 AND r.emoji = $4")
  static let clearReactions = Statement(
    "reactions.clear", "DELETE FROM reaction r WHERE r.bucket = $1 AND r.message = $2")
  static let membership = Statement(
    "members.standing",
    """
    SELECT c.kind, c.head, c.member_count, m.username, m.role, m.read_seq, \(ContactRows.directColumns)
    FROM conversation c
      LEFT JOIN LATERAL (
        SELECT k.username, k.role, k.read_seq FROM member k
        WHERE k.bucket = $1 AND k.conversation = $2 AND k.user_id = $3 LIMIT 1) m ON true
      \(ContactRows.joined)
    WHERE c.bucket = $1 AND c.id = $2 AND c.deleted_at IS NULL
    """, brief: true)
  static let markRead = Statement(
    "members.mark_read",
    """
    UPDATE member m SET read_seq = $4
    WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id = $3 AND m.read_seq < $4 RETURNING m.read_seq
    """)

  static let statements = [standing, rewrite, addReaction, removeReaction, clearReactions, membership, markRead]

  let pool: PostgresPool
  let failure: StoreFailure

  /// The message as it is now, if `reader` may see it.
  public func message(_ id: EntryID, for reader: UserID) async throws(ChatError) -> Message? {
    try await failure.translating { () throws(PostgresError) in
      let rows = try await pool.query(Self.standing, Self.key(id, reader, emoji: ""))
      guard let found = try MessageRow(rows.first), ConversationRules.maySee(found.kind, role: found.role) else {
        return nil
      }
      return found.message
    }
  }

  /// Changes it as the domain's rules decide.
  public func change(
    _ id: EntryID, _ change: MessageChange, by caller: UserID
  ) async throws(ChatError) -> ChangedMessage {
    try await pool.transaction(locking: [id.bucket.number], failing: { failure($0) }) {
      (transaction) throws(ChatError) in
      let (found, moment) = try await failure.translating { () throws(PostgresError) -> (MessageRow?, Timestamp) in
        let begin = WritePlan.locks([id.bucket]) + [(Self.standing, Self.key(id, caller, emoji: change.emoji))]
        let answers = try await transaction.all(begin)
        return (try MessageRow(answers.last?.first), try PostgresConversations.moment(answers.dropLast().last))
      }
      guard let found else { throw .notFound(.message) }
      let situation = found.situation(of: caller, at: moment)
      guard let decision = try MessageRules.decide(change, in: situation) else {
        return ChangedMessage(message: found.message, made: nil)
      }
      var plan = WritePlan(at: moment)
      plan.apply(change, decision, by: situation.caller)
      let made = try await failure.translating { () throws(PostgresError) in
        try await plan.carryOut(in: transaction)
      }
      return ChangedMessage(message: decision.message, made: made)
    }
  }

  /// How a user stands in a conversation that is there.
  public func standing(of user: UserID, in id: ConversationID) async throws(ChatError) -> MemberStanding? {
    try await failure.translating { () throws(PostgresError) in
      let rows = try await pool.query(
        Self.membership, [.int2(id.bucket.number), .int8(id.rawValue), .int8(user.rawValue)])
      guard let row = rows.first else { return nil }
      guard let kind = ConversationKind(rawValue: try row.text(0)), let count = Int(exactly: try row.int8(2)) else {
        throw .unexpectedReply("a conversation of unknown kind")
      }
      let member = try row.optionalText(3).map { (name) throws(PostgresError) in
        Member(
          user: user, username: name, role: try PostgresConversations.role(row.text(4)), readSeq: try row.int8(5))
      }
      return MemberStanding(
        kind: kind, head: try row.int8(1), memberCount: count, member: member,
        pair: try ContactRows.ofDirect(row, from: 6))
    }
  }

  /// Moves the read marker forward, never back.
  public func markRead(_ id: ConversationID, _ user: UserID, upTo seq: Int64) async throws(ChatError) -> Bool {
    try await failure.translating { () throws(PostgresError) in
      let key: [Parameter] = [.int2(id.bucket.number), .int8(id.rawValue), .int8(user.rawValue)]
      return try await pool.query(Self.markRead, key + [.int8(seq)]).first != nil
    }
  }

  static func key(_ id: EntryID, _ user: UserID, emoji: String) -> [Parameter] {
    [.int2(id.bucket.number), .int8(id.rawValue), .int8(user.rawValue), .text(emoji)]
  }
}

/// A message as it stands inside the transaction, and what the caller may do there.
private struct MessageRow {
  let message: Message
  let kind: ConversationKind
  let head: Int64
  let username: String?
  let role: Role?
  let hasReacted: Bool
  let pair: ContactPair?

  /// Nothing when there is no such entry, it is no message, or its conversation is gone.
  init?(_ row: Row?) throws(PostgresError) {
    let more = EntryRows.count
    guard let row, try EntryRows.isMessage(row), let id = try row.optionalInt8(more) else { return nil }
    guard let kind = ConversationKind(rawValue: try row.text(more + 1)) else {
      throw .unexpectedReply("a conversation of unknown kind")
    }
    message = try EntryRows.message(row, in: ConversationID(rawValue: id))
    self.kind = kind
    head = try row.int8(more + 2)
    username = try row.optionalText(more + 3)
    role = try row.optionalText(more + 4).map(PostgresConversations.role)
    hasReacted = try row.bool(more + 5)
    pair = try ContactRows.ofDirect(row, from: more + 6)
  }

  func situation(of caller: UserID, at moment: Timestamp) -> MessageRules.Situation {
    MessageRules.Situation(
      message: message, kind: kind, caller: Author(id: caller, username: username ?? ""), role: role,
      hasReacted: hasReacted, pair: pair, nextSeq: head &+ 1, moment: moment)
  }
}

extension MessageChange {
  /// The reaction that it is about; none otherwise.
  fileprivate var emoji: String {
    switch self {
    case .edit, .delete: ""
    case .react(let emoji, _), .unreact(let emoji): emoji
    }
  }
}

extension WritePlan {
  fileprivate mutating func apply(_ change: MessageChange, _ decision: MessageRules.Decision, by caller: Author) {
    let message = decision.message
    append(decision.event, to: message.conversation, by: caller, keeping: decision.event.withoutText)
    add(
      PostgresMessages.rewrite,
      [
        .int2(message.id.bucket.number), .int8(message.id.rawValue), .text(message.text),
        .text(message.previousText), .time(message.editedAt?.milliseconds), .time(message.deletedAt?.milliseconds),
        .text(EntryText.text(of: message.reactions)), .int8(message.changedSeq),
      ])
    let key = PostgresMessages.key(message.id, caller.id, emoji: change.emoji)
    switch change {
    case .edit: break
    case .delete: add(PostgresMessages.clearReactions, Array(key.prefix(2)))
    case .react: add(PostgresMessages.addReaction, key)
    case .unreact: add(PostgresMessages.removeReaction, key)
    }
  }
}

extension Event {
  /// What the log keeps of a change of text: which message it was. The text stands with the message alone.
  fileprivate var withoutText: Event {
    func bare(_ message: Message) -> Message {
      var message = message
      message.text = ""
      return message
    }
    return switch self {
    case .messageEdited(let message): .messageEdited(bare(message))
    case .messageDeleted(let message): .messageDeleted(bare(message))
    default: self
    }
  }
}
