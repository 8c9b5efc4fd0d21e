import ChatCore
import EntryText
import Postgres

/// One message on its way into the log.
final class Send: @unchecked Sendable {
  let message: NewMessage
  /// Under what a repetition is known: the sender's own id, or one of ours where he gave none.
  let key: String
  /// Monotonic milliseconds by which it is answered or refused.
  let deadline: Int64
  /// Whether an earlier try may have stored it, so that "stored before" may well mean by us.
  var isInDoubt = false
  private let completion: (Result<Appended, ChatError>) -> Void

  init(_ message: NewMessage, deadline: Int64, _ completion: @escaping (Result<Appended, ChatError>) -> Void) {
    self.message = message
    key = message.clientMessageID ?? Send.ownKey()
    self.deadline = deadline
    self.completion = completion
  }

  func complete(_ result: Result<Appended, ChatError>) { completion(result) }

  /// Two of a batch must not be the same send.
  struct Identity: Hashable {
    let conversation: ConversationID
    let sender: UserID
    /// Bytes, because Swift takes canonically equal strings for equal and the database does not.
    let key: [UInt8]
  }

  var identity: Identity {
    Identity(conversation: message.conversation, sender: message.sender, key: Array(key.utf8))
  }

  /// 128 random bits; nobody sees them.
  private static func ownKey() -> String {
    String(UInt64.random(in: .min ... .max), radix: 36) + "-" + String(UInt64.random(in: .min ... .max), radix: 36)
  }
}

/// What goes to the database in one transaction of one bucket, and what comes back.
struct SendBatch {
  /// As plain PostgreSQL does it fastest.
  static let plain = Statement("log.send_messages", calling("send_messages"))
  /// The same in steps of which Citus passes each on to one shard.
  static let stepwise = Statement("log.send_stepwise", calling("send_stepwise"))

  static let statements = [plain, stepwise]

  private static func calling(_ function: String) -> String {
    """
    SELECT verdict, kind, is_member, seq, id, author_name, type, text, reply_to, created_at, edited_at, deleted_at,
      refused, until, last_words, stranger, attachments
    FROM \(function)($1, $2, $3, $4, $5, $6, $7, $8, $9)
    """
  }

  let bucket: Bucket
  let sends: [Send]

  var parameters: [Parameter] {
    [
      .int2(bucket.number), .int8s(sends.map(\.message.conversation.rawValue)),
      .int8s(sends.map(\.message.sender.rawValue)), .texts(sends.map(\.key)),
      .bools(sends.map { $0.message.clientMessageID != nil }), .texts(sends.map(\.message.type.rawValue)),
      .texts(sends.map(\.message.text)), .int8s(sends.map { $0.message.replyTo?.rawValue }),
      .texts(sends.map { EntryText.text(of: $0.message.attachments) }),
    ]
  }

  /// The numbers that `send_messages` in the migration gives.
  private enum Verdict: Int16 {
    case stored, storedBefore, conflict, unknownReply, notWritable
  }

  /// What became of one of them.
  ///
  /// - Throws: ``PostgresError/unexpectedReply(_:)`` when the row is not as the function promises.
  static func outcome(of send: Send, _ row: Row) throws(PostgresError) -> Result<Appended, ChatError> {
    switch Verdict(rawValue: try row.int2(0)) {
    case .stored:
      return .success(
        Appended(
          message: try stored(send.message, row), repeated: false, wereLastWords: try row.bool(14),
          stranger: try row.optionalInt8(15).map(UserID.init(rawValue:))))
    case .storedBefore:
      // Ours after a lost answer is told as new, so that it is published; receivers know it by its place.
      return .success(Appended(message: try storedBefore(send.message, row), repeated: !send.isInDoubt))
    case .conflict: return .failure(.conflict(.idempotency))
    case .unknownReply: return .failure(.invalid([.unknownReply]))
    case .notWritable: return .failure(try refusal(row))
    case nil: throw .unexpectedReply("an unknown verdict on a send")
    }
  }

  private static func refusal(_ row: Row) throws(PostgresError) -> ChatError {
    switch try row.optionalText(12) {
    case nil: break
    case "timeout":
      guard let until = try row.optionalTime(13) else { throw .unexpectedReply("a timeout without its end") }
      return .timedOut(until: Timestamp(milliseconds: until))
    case "blocked": return .forbidden(.blocked)
    default: throw .unexpectedReply("an unknown refusal of a send")
    }
    guard let kind = try row.optionalText(1).flatMap(ConversationKind.init(rawValue:)) else {
      return .notFound(.conversation)
    }
    let isMember = try row.bool(2)
    do {
      try ConversationRules.checkWriting(kind, role: isMember ? .member : nil)
    } catch {
      return error
    }
    throw .unexpectedReply("a send was refused that may be written")
  }

  private static func stored(_ message: NewMessage, _ row: Row) throws(PostgresError) -> Message {
    Message(
      id: EntryID(rawValue: try row.int8(4)), conversation: message.conversation, seq: try row.int8(3),
      sender: Author(id: message.sender, username: try row.text(5)), type: message.type, text: message.text,
      clientMessageID: message.clientMessageID, replyTo: message.replyTo,
      createdAt: Timestamp(milliseconds: try row.time(9)), attachments: message.attachments)
  }

  private static func storedBefore(_ message: NewMessage, _ row: Row) throws(PostgresError) -> Message {
    Message(
      id: EntryID(rawValue: try row.int8(4)), conversation: message.conversation, seq: try row.int8(3),
      sender: Author(id: message.sender, username: try row.text(5)), type: EntryText.messageType(try row.text(6)),
      text: try row.text(7), clientMessageID: message.clientMessageID,
      replyTo: try row.optionalInt8(8).map(EntryID.init(rawValue:)),
      createdAt: Timestamp(milliseconds: try row.time(9)),
      editedAt: try row.optionalTime(10).map(Timestamp.init(milliseconds:)),
      deletedAt: try row.optionalTime(11).map(Timestamp.init(milliseconds:)),
      attachments: try EntryRows.attachments(row, 16))
  }
}
