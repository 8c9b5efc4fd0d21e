import ChatCore
import EntryText
import JSONText
import Postgres

/// Entries and messages as rows of the table `entry`.
package enum EntryRows {
  /// The columns that ``entry(_:in:)`` and ``message(_:in:)`` read, in their order.
  static let columns = all(of: "")
  /// The first of them, which do for ``message(_:in:)``.
  static let columnsOfMessage = ofMessage("").joined(separator: ", ")

  /// The same of a table with an alias.
  static func columns(of alias: String) -> String { all(of: alias + ".") }

  /// How many they are: what else a statement reads follows them.
  static let count = ofMessage("").count + 2

  private static func all(of prefix: String) -> String {
    (ofMessage(prefix) + [prefix + "kind", prefix + "detail"]).joined(separator: ", ")
  }

  /// Each value costs the server and us, and a NULL is the cheapest: a key is told when it is the sender's own, and
  /// what few messages have, as a type that is another than nearly all have, in one record (``Rest``).
  private static func ofMessage(_ prefix: String) -> [String] {
    let given = "CASE WHEN \(prefix)client_given THEN \(prefix)client_message_id END"
    let rest = Rest.names.map { prefix + $0 }.joined(separator: ", ")
    let isThere = (Rest.telling.map { "\(prefix)\($0) IS NOT NULL" } + ["\(prefix)type <> 'text'"])
      .joined(separator: " OR ")
    return ["seq", "id", "author", "author_name", "created_at"].map { prefix + $0 } + [
      "\(given)", prefix + "text",
      "CASE WHEN \(isThere) THEN record_send(ROW(\(rest))) END",
    ]
  }

  /// What few messages have.
  private struct Rest {
    static let names = [
      "reply_to", "edited_at", "deleted_at", "previous_text", "reactions", "changed_seq", "attachments", "type",
    ]
    /// Those without which there are no others but a type: whatever changes a message says where, but for an import,
    /// which knows only when.
    static let telling = ["reply_to", "edited_at", "changed_seq", "attachments"]

    var replyTo: EntryID?
    var editedAt: Timestamp?
    var deletedAt: Timestamp?
    var previousText: String?
    var reactions: [ReactionCount] = []
    var changedSeq: Int64?
    var attachments: [Attachment] = []
    var type = MessageType.text

    init(_ record: Record?) throws(PostgresError) {
      guard let record else { return }
      replyTo = try record.optionalInt8(0).map(EntryID.init(rawValue:))
      editedAt = try record.optionalTime(1).map(Timestamp.init(milliseconds:))
      deletedAt = try record.optionalTime(2).map(Timestamp.init(milliseconds:))
      previousText = try record.optionalText(3)
      reactions = try record.optionalText(4).map(EntryText.reactions(of:)) ?? []
      changedSeq = try record.optionalInt8(5)
      attachments = try EntryRows.attachments(record.optionalText(6))
      type = try record.optionalText(7).map(EntryText.messageType) ?? .text
    }
  }

  /// Room for a group of 256 with the longest names.
  private static let detailLimits = JSONLimits(bytesMax: 262_144)

  /// Reads one entry.
  ///
  /// - Parameter unreadable: told of a row whose contents cannot be read, for which the entry then says no more than
  ///   its kind: else it would keep everybody from all that stands behind it. Nil: it is an error.
  static func entry(
    _ row: Row, in conversation: ConversationID, unreadable: ((PostgresError) -> Void)? = nil
  ) throws(PostgresError) -> Entry {
    let (kind, id) = (try kind(row), EntryID(rawValue: try row.int8(1)))
    let event: Event
    do throws(PostgresError) {
      event = try self.event(kind, id, row, in: conversation)
    } catch {
      guard let unreadable else { throw error }
      unreadable(error)
      event = .unknown(code: kind)
    }
    return Entry(
      conversation: conversation, seq: try row.int8(0), id: id,
      createdAt: Timestamp(milliseconds: try row.time(4)), author: try author(row), event: event)
  }

  private static func event(
    _ kind: Int16, _ id: EntryID, _ row: Row, in conversation: ConversationID
  ) throws(PostgresError) -> Event {
    switch EventCode(rawValue: kind) {
    case nil: return .unknown(code: kind)
    case .messageCreated: return .messageCreated(try message(row, in: conversation).told)
    case let code?:
      let detail = try row.text(9)
      guard let value = try? JSONValue(parsing: Array(detail.utf8), limits: detailLimits),
        let told = EntryText.event(code, detail: value, in: conversation)
      else { throw .unexpectedReply("detail of an entry") }
      return told
    }
  }

  /// The types of ``columnsOfMessage``.
  static let typesOfMessage: [RowReader.Column] = [.int8, .int8, .int8, .text, .time, .text, .text, .record]

  /// Lends the message where the reader stands.
  @inline(__always)
  static func lend(_ row: RowReader, in conversation: ConversationID, to reader: MessageReader) throws(PostgresError) {
    let facts = try facts(row, in: conversation)
    let (name, text) = (try row.utf8(3), try row.utf8(6))
    if let key = row.optionalUTF8(5) {
      reader(facts, name.span, text.span, key.span)
    } else {
      reader(facts, name.span, text.span, nil)
    }
  }

  @inline(__always)
  private static func facts(_ row: RowReader, in conversation: ConversationID) throws(PostgresError) -> MessageFacts {
    let (id, seq, sender) = (EntryID(rawValue: try row.int8(1)), try row.int8(0), UserID(rawValue: try row.int8(2)))
    let createdAt = Timestamp(milliseconds: try row.time(4))
    // Two ways, since a value of what nearly no message has would be made and let go of for each.
    guard let record = try row.optionalRecord(7) else {
      return MessageFacts(
        id: id, conversation: conversation, seq: seq, sender: sender, type: .text, replyTo: nil, attachments: [],
        createdAt: createdAt, editedAt: nil, deletedAt: nil, reactions: [])
    }
    let rest = try Rest(record)
    return MessageFacts(
      id: id, conversation: conversation, seq: seq, sender: sender, type: rest.type, replyTo: rest.replyTo,
      attachments: rest.attachments, createdAt: createdAt, editedAt: rest.editedAt, deletedAt: rest.deletedAt,
      reactions: rest.reactions)
  }

  /// Whether an entry is of a message, which is told as ``message(_:in:)`` tells it.
  static func isMessage(_ row: Row) throws(PostgresError) -> Bool {
    try kind(row) == EventCode.messageCreated.rawValue
  }

  /// Whether a message's key is its sender's own.
  static func isKeyGiven(_ row: Row) throws(PostgresError) -> Bool { try row.optionalText(5) != nil }

  private static func kind(_ row: Row) throws(PostgresError) -> Int16 { try row.int2(8) }

  static func message(_ row: Row, in conversation: ConversationID) throws(PostgresError) -> Message {
    let rest = try Rest(row.optionalRecord(7))
    return Message(
      id: EntryID(rawValue: try row.int8(1)), conversation: conversation, seq: try row.int8(0), sender: try author(row),
      type: rest.type, text: try row.text(6),
      clientMessageID: try row.optionalText(5), replyTo: rest.replyTo,
      createdAt: Timestamp(milliseconds: try row.time(4)), editedAt: rest.editedAt, deletedAt: rest.deletedAt,
      attachments: rest.attachments, previousText: rest.previousText, reactions: rest.reactions,
      changedSeq: rest.changedSeq)
  }

  /// The `seq` of the last change of a message; 0 when there was none.
  static func lastChange(_ row: Row) throws(PostgresError) -> Int64 { try Rest(row.optionalRecord(7)).changedSeq ?? 0 }

  private static func author(_ row: Row) throws(PostgresError) -> Author {
    Author(id: UserID(rawValue: try row.int8(2)), username: try row.text(3))
  }

  static func attachments(_ row: Row, _ column: Int) throws(PostgresError) -> [Attachment] {
    try attachments(try row.optionalText(column))
  }

  private static func attachments(_ text: String?) throws(PostgresError) -> [Attachment] {
    guard let text else { return [] }
    guard let told = EntryText.attachments(fromText: text) else { throw .unexpectedReply("attachments of a message") }
    return told
  }
}
