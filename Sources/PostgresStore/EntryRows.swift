import ChatCore
import EntryText
import JSONText
import Postgres

/// Entries and messages as rows of the table `entry`.
package enum EntryRows {
  /// The columns that ``entry(_:in:)`` and ``message(_:in:)`` read, in their order.
  static let columns = names.joined(separator: ", ")
  /// The first of them, which do for ``message(_:in:)``.
  static let columnsOfMessage = namesOfMessage.joined(separator: ", ")

  /// The same of a table with an alias.
  static func columns(of alias: String) -> String { names.map { alias + "." + $0 }.joined(separator: ", ") }

  /// How many they are: what else a statement reads follows them.
  static var count: Int { names.count }

  private static let names = namesOfMessage + ["kind", "detail"]
  private static let namesOfMessage = [
    "seq", "id", "author", "author_name", "created_at", "client_message_id", "client_given", "type", "text",
    "reply_to", "edited_at", "deleted_at", "previous_text", "reactions", "changed_seq", "attachments",
  ]

  /// Room for a group of 256 with the longest names.
  private static let detailLimits = JSONLimits(bytesMax: 262_144)

  static func entry(_ row: Row, in conversation: ConversationID) throws(PostgresError) -> Entry {
    let id = EntryID(rawValue: try row.int8(1))
    let event: Event
    let kind = try kind(row)
    switch EventCode(rawValue: kind) {
    case nil:
      event = .unknown(code: kind)
    case .messageCreated:
      event = .messageCreated(try message(row, in: conversation).told)
    case let code?:
      let detail = try row.text(17)
      guard let value = try? JSONValue(parsing: Array(detail.utf8), limits: detailLimits),
        let told = EntryText.event(code, detail: value, in: conversation)
      else { throw .unexpectedReply("entry \(id.rawValue): detail") }
      event = told
    }
    return Entry(
      conversation: conversation, seq: try row.int8(0), id: id,
      createdAt: Timestamp(milliseconds: try row.time(4)), author: try author(row), event: event)
  }

  /// The types of ``columnsOfMessage``.
  static let typesOfMessage: [RowReader.Column] = [
    .int8, .int8, .int8, .text, .time, .text, .bool, .text, .text, .int8, .time, .time, .text, .text, .int8, .text,
  ]

  /// Lends the message where the reader stands.
  @inline(__always)
  static func lend(_ row: RowReader, in conversation: ConversationID, to reader: MessageReader) throws(PostgresError) {
    let facts = MessageFacts(
      id: EntryID(rawValue: try row.int8(1)), conversation: conversation, seq: try row.int8(0),
      sender: UserID(rawValue: try row.int8(2)),
      type: EntryText.messageType(utf8: UnsafeRawBufferPointer(try row.utf8(7))),
      replyTo: try row.optionalInt8(9).map(EntryID.init(rawValue:)), attachments: try attachments(row.optionalUTF8(15)),
      createdAt: Timestamp(milliseconds: try row.time(4)),
      editedAt: try row.optionalTime(10).map(Timestamp.init(milliseconds:)),
      deletedAt: try row.optionalTime(11).map(Timestamp.init(milliseconds:)),
      reactions: row.optionalUTF8(13).map { EntryText.reactions(of: String(decoding: $0, as: UTF8.self)) } ?? [])
    let (name, text) = (try row.utf8(3), try row.utf8(8))
    if try row.bool(6), let key = row.optionalUTF8(5) {
      reader(facts, name.span, text.span, key.span)
    } else {
      reader(facts, name.span, text.span, nil)
    }
  }

  /// Whether an entry is of a message, which is told as ``message(_:in:)`` tells it.
  static func isMessage(_ row: Row) throws(PostgresError) -> Bool {
    try kind(row) == EventCode.messageCreated.rawValue
  }

  /// Whether a message's key is its sender's own.
  static func isKeyGiven(_ row: Row) throws(PostgresError) -> Bool { try row.bool(6) }

  private static func kind(_ row: Row) throws(PostgresError) -> Int16 { try row.int2(16) }

  static func message(_ row: Row, in conversation: ConversationID) throws(PostgresError) -> Message {
    Message(
      id: EntryID(rawValue: try row.int8(1)), conversation: conversation, seq: try row.int8(0), sender: try author(row),
      type: try type(row), text: try row.text(8),
      clientMessageID: try isKeyGiven(row) ? try row.optionalText(5) : nil,
      replyTo: try row.optionalInt8(9).map(EntryID.init(rawValue:)),
      createdAt: Timestamp(milliseconds: try row.time(4)),
      editedAt: try row.optionalTime(10).map(Timestamp.init(milliseconds:)),
      deletedAt: try row.optionalTime(11).map(Timestamp.init(milliseconds:)), attachments: try attachments(row, 15),
      previousText: try row.optionalText(12),
      reactions: try row.optionalText(13).map(EntryText.reactions(of:)) ?? [],
      changedSeq: try row.optionalInt8(14))
  }

  private static func type(_ row: Row) throws(PostgresError) -> MessageType {
    guard let type = try row.withText(7, { $0.map(EntryText.messageType(utf8:)) }) else {
      throw .unexpectedReply("a message without a type")
    }
    return type
  }

  /// The `seq` of the last change of a message; 0 when there was none.
  static func lastChange(_ row: Row) throws(PostgresError) -> Int64 { try row.optionalInt8(14) ?? 0 }

  private static func author(_ row: Row) throws(PostgresError) -> Author {
    Author(id: UserID(rawValue: try row.int8(2)), username: try row.text(3))
  }

  private static func attachments(_ text: UnsafeBufferPointer<UInt8>?) throws(PostgresError) -> [Attachment] {
    try text.map { (text) throws(PostgresError) in try attachments(String(decoding: text, as: UTF8.self)) } ?? []
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
