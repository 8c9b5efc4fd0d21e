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
  static let plain = Statement(
    "log.store_messages",
    "SELECT \(columns), sender FROM store_messages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
  /// The same in steps of which Citus passes each on to one shard.
  static let stepwise = Statement(
    "log.send_stepwise", "SELECT \(columns) FROM send_stepwise($1, $2, $3, $4, $5, $6, $7, $8, $9)")

  static let statements = [plain, stepwise]

  private static let columns = """
    verdict, kind, is_member, seq, id, author_name, type, text, reply_to, created_at, edited_at, deleted_at, refused,
      until, last_words, stranger, attachments
    """

  let bucket: Bucket
  let sends: [Send]

  /// What stores it.
  ///
  /// - Parameter waits: whether it waits for who else holds the bucket; if not, and one does, no row comes back. On
  ///   Citus it does in any case.
  func statement(isStepwise: Bool, waits: Bool) -> (statement: Statement, parameters: [Parameter]) {
    if isStepwise { return (Self.stepwise, [.int2(bucket.number)] + parameters) }
    return (Self.plain, [.int2(bucket.number), .bool(waits)] + parameters)
  }

  private var parameters: [Parameter] {
    [
      .int8s(sends.map(\.message.conversation.rawValue)),
      .int8s(sends.map(\.message.sender.rawValue)), .texts(sends.map(\.key)),
      .bools(sends.map { $0.message.clientMessageID != nil }), .texts(sends.map(\.message.type.rawValue)),
      .texts(sends.map(\.message.text)), .int8s(sends.map { $0.message.replyTo?.rawValue }),
      .texts(sends.map { EntryText.text(of: $0.message.attachments) }),
    ]
  }

  /// The numbers that `store_messages` in the migration gives.
  private enum Verdict: Int16 {
    case stored, storedBefore, conflict, unknownReply, notWritable, allStored
  }

  /// What became of each of them, in their order.
  ///
  /// - Parameter refusal: what is said of a row that is not as the function promises; the others count.
  /// - Throws: ``PostgresError/unexpectedReply(_:)`` when the rows together are not.
  func outcomes(_ rows: Rows, refusal: (PostgresError) -> ChatError) throws(PostgresError) -> [Result<
    Appended, ChatError
  >] {
    if let first = rows.first, try first.int2(0) == Verdict.allStored.rawValue { return try allStored(first, rows) }
    guard rows.count == sends.count else {
      throw .unexpectedReply("\(rows.count) answers to \(sends.count) sends")
    }
    return zip(sends, rows).map { send, row in
      do throws(PostgresError) { return try Self.outcome(of: send, row) } catch { return .failure(refusal(error)) }
    }
  }

  /// A row for each sender; places and ids follow one another.
  private func allStored(_ first: Row, _ rows: Rows) throws(PostgresError) -> [Result<Appended, ChatError>] {
    var authors: [UserID: Author] = [:]
    for row in rows {
      let id = UserID(rawValue: try row.int8(17))
      authors[id] = Author(id: id, username: try row.text(5))
    }
    let (seq, id, moment) = (try first.int8(3), try first.int8(4), Timestamp(milliseconds: try first.time(9)))
    var outcomes: [Result<Appended, ChatError>] = []
    outcomes.reserveCapacity(sends.count)
    for (place, send) in sends.enumerated() {
      guard let author = authors[send.message.sender] else { throw .unexpectedReply("a sender without a name") }
      let place = Int64(place)
      let message = send.message.stored(
        as: EntryID(rawValue: id &+ place &* Int64(Bucket.count)), seq: seq &+ place, by: author, at: moment)
      outcomes.append(.success(Appended(message: message, repeated: false)))
    }
    return outcomes
  }

  /// What became of one of them.
  private static func outcome(of send: Send, _ row: Row) throws(PostgresError) -> Result<Appended, ChatError> {
    switch Verdict(rawValue: try row.int2(0)) {
    case .stored:
      return .success(
        Appended(
          message: send.message.stored(
            as: EntryID(rawValue: try row.int8(4)), seq: try row.int8(3),
            by: Author(id: send.message.sender, username: try row.text(5)),
            at: Timestamp(milliseconds: try row.time(9))), repeated: false, wereLastWords: try row.bool(14),
          stranger: try row.optionalInt8(15).map(UserID.init(rawValue:))))
    case .storedBefore:
      // Ours after a lost answer is told as new, so that it is published; receivers know it by its place.
      return .success(Appended(message: try storedBefore(send.message, row), repeated: !send.isInDoubt))
    case .conflict: return .failure(.conflict(.idempotency))
    case .unknownReply: return .failure(.invalid([.unknownReply]))
    case .notWritable: return .failure(try refusal(row))
    case .allStored, nil: throw .unexpectedReply("an unknown verdict on a send")
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

extension NewMessage {
  /// As it stands in the log.
  fileprivate func stored(as id: EntryID, seq: Int64, by author: Author, at moment: Timestamp) -> Message {
    Message(
      id: id, conversation: conversation, seq: seq, sender: author, type: type, text: text,
      clientMessageID: clientMessageID, replyTo: replyTo, createdAt: moment, attachments: attachments)
  }
}
