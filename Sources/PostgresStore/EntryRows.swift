import ChatCore
import EntryText
import JSONText
import Postgres

/// Entries and messages as rows of the table `entry`.
enum EntryRows {
  /// The columns that ``entry(_:in:)`` and ``message(_:in:)`` read, in their order.
  static let columns = names.joined(separator: ", ")

  /// The same of a table with an alias.
  static func columns(of alias: String) -> String { names.map { alias + "." + $0 }.joined(separator: ", ") }

  /// How many they are: what else a statement reads follows them.
  static var count: Int { names.count }

  private static let names = [
    "seq", "id", "kind", "author", "author_name", "created_at", "client_message_id", "client_given", "type", "text",
    "reply_to", "edited_at", "deleted_at", "detail",
    "previous_text", "reactions", "changed_seq", "attachments",
  ]

  /// Room for a group of 256 with the longest names.
  private static let detailLimits = JSONLimits(bytesMax: 262_144)

  static func entry(_ row: Row, in conversation: ConversationID) throws(PostgresError) -> Entry {
    let id = EntryID(rawValue: try row.int8(1))
    let event: Event
    switch EventCode(rawValue: try row.int2(2)) {
    case nil:
      event = .unknown(code: try row.int2(2))
    case .messageCreated:
      event = .messageCreated(try message(row, in: conversation).told)
    case let code?:
      let detail = try row.text(13)
      guard let value = try? JSONValue(parsing: Array(detail.utf8), limits: detailLimits),
        let told = EntryText.event(code, detail: value, in: conversation)
      else { throw .unexpectedReply("entry \(id.rawValue): detail") }
      event = told
    }
    return Entry(
      conversation: conversation, seq: try row.int8(0), id: id,
      createdAt: Timestamp(milliseconds: try row.time(5)), author: try author(row), event: event)
  }

  static func message(_ row: Row, in conversation: ConversationID) throws(PostgresError) -> Message {
    Message(
      id: EntryID(rawValue: try row.int8(1)), conversation: conversation, seq: try row.int8(0), sender: try author(row),
      type: EntryText.messageType(try row.text(8)), text: try row.text(9),
      clientMessageID: try row.bool(7) ? try row.optionalText(6) : nil,
      replyTo: try row.optionalInt8(10).map(EntryID.init(rawValue:)),
      createdAt: Timestamp(milliseconds: try row.time(5)),
      editedAt: try row.optionalTime(11).map(Timestamp.init(milliseconds:)),
      deletedAt: try row.optionalTime(12).map(Timestamp.init(milliseconds:)), attachments: try attachments(row, 17),
      previousText: try row.optionalText(14),
      reactions: try row.optionalText(15).map(EntryText.reactions(of:)) ?? [],
      changedSeq: try row.optionalInt8(16))
  }

  /// The `seq` of the last change of a message; 0 when there was none.
  static func lastChange(_ row: Row) throws(PostgresError) -> Int64 { try row.optionalInt8(16) ?? 0 }

  private static func author(_ row: Row) throws(PostgresError) -> Author {
    Author(id: UserID(rawValue: try row.int8(3)), username: try row.text(4))
  }

  static func attachments(_ row: Row, _ column: Int) throws(PostgresError) -> [Attachment] {
    guard let text = try row.optionalText(column) else { return [] }
    guard let told = EntryText.attachments(fromText: text) else { throw .unexpectedReply("attachments of a message") }
    return told
  }
}
