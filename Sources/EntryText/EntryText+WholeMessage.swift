import ChatCore
import JSONText

/// A message as our own wires show it: the value that is written more often than all others together.
extension EntryText {
  /// Writes a message as REST and the sockets show it.
  ///
  /// - Shape: `{"id", "conversation", "seq", "sender": {"id", "username"}, "type", "text", "client_message_id",
  ///   "reply_to", "attachments": [{"id", "name", "type", "size", "url"}], "created_at", "edited_at", "deleted_at",
  ///   "reactions": [{"emoji", "count"}]}`.
  public static func write(_ message: Message, to writer: inout JSONWriter) {
    message.lend { write($0, username: $1, text: $2, clientMessageID: $3, to: &writer) }
  }

  /// Writes a message whose texts stand elsewhere, in valid UTF-8: the same bytes.
  public static func write(
    _ message: MessageFacts, username: Span<UInt8>, text: Span<UInt8>, clientMessageID: Span<UInt8>?,
    to writer: inout JSONWriter
  ) {
    var lengths = (JSONRoom.length(of: username), JSONRoom.length(of: text), 0)
    if let clientMessageID { lengths.2 = JSONRoom.length(of: clientMessageID) }
    guard !message.isUsual else {
      return writer.fill(messageBytesMax + lengths.0 + lengths.1 + lengths.2) { room in
        writeUsual(
          message, username: username, lengths.0, text: text, lengths.1, clientMessageID: clientMessageID, lengths.2,
          to: &room)
      }
    }
    let files = message.attachments.isEmpty ? nil : list(message.attachments) { write($0, to: &$1) }
    let reactions = message.reactions.isEmpty ? nil : list(message.reactions) { write($0, to: &$1) }
    let rest = (files?.count ?? 0) + (reactions?.count ?? 0)
    writer.fill(messageBytesMax + lengths.0 + lengths.1 + lengths.2 + rest) { room in
      room.open()
      room.int("id", message.id.rawValue)
      room.int("conversation", message.conversation.rawValue)
      room.int("seq", message.seq)
      room.open("sender")
      room.int("id", message.sender.rawValue)
      room.text("username", username, lengths.0)
      room.close()
      // Nearly all are: without a string of the type's name for each.
      if message.type == .text {
        room.spelled("type", "\"text\"")
      } else {
        room.plain("type", message.type.rawValue.utf8.span)
      }
      room.text("text", text, lengths.1)
      if let clientMessageID {
        room.text("client_message_id", clientMessageID, lengths.2)
      } else {
        room.spelled("client_message_id", "null")
      }
      room.int("reply_to", message.replyTo?.rawValue)
      if let files { room.raw("attachments", files) } else { room.spelled("attachments", "[]") }
      room.moment("created_at", message.createdAt)
      room.moment("edited_at", message.editedAt)
      room.moment("deleted_at", message.deletedAt)
      if let reactions { room.raw("reactions", reactions) } else { room.spelled("reactions", "[]") }
      room.close()
    }
  }

  /// Writes one that has nothing but a text, as nearly all: the same bytes in a few pieces.
  @inline(__always)
  private static func writeUsual(
    _ message: MessageFacts, username: Span<UInt8>, _ nameLength: Int, text: Span<UInt8>, _ textLength: Int,
    clientMessageID: Span<UInt8>?, _ keyLength: Int, to room: inout JSONRoom
  ) {
    room.begin("{\"id\":")
    room.int(message.id.rawValue)
    room.spelled(",\"conversation\":")
    room.int(message.conversation.rawValue)
    room.spelled(",\"seq\":")
    room.int(message.seq)
    room.spelled(",\"sender\":{\"id\":")
    room.int(message.sender.rawValue)
    room.spelled(",\"username\":")
    room.text(username, nameLength)
    room.spelled("},\"type\":\"text\",\"text\":")
    room.text(text, textLength)
    room.spelled(",\"client_message_id\":")
    if let clientMessageID { room.text(clientMessageID, keyLength) } else { room.spelled("null") }
    room.spelled(",\"reply_to\":null,\"attachments\":[],\"created_at\":")
    let moment = message.createdAt.rfc3339ASCII
    room.plain(moment.span)
    room.spelled(",\"edited_at\":null,\"deleted_at\":null,\"reactions\":[]}")
  }

  /// What a message takes besides its texts and lists: 220 bytes of names and what stands around them, five integers of
  /// 21, three moments of 26, the longest type.
  private static let messageBytesMax = 420

  private static func list<Item>(_ items: [Item], _ write: (Item, inout JSONWriter) -> Void) -> [UInt8] {
    var writer = JSONWriter()
    writer.array { writer in for item in items { write(item, &writer) } }
    return writer.finish()
  }

  private static func write(_ reaction: ReactionCount, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("emoji", reaction.emoji)
      writer.member("count", reaction.count)
    }
  }

  /// Writes a file: `{"id", "name", "type", "size", "url"}`.
  public static func write(_ file: Attachment, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", file.id.rawValue)
      writer.member("name", file.name)
      writer.member("type", file.type)
      writer.member("size", file.size)
      writer.member("url", "/v1/files/\(file.id.rawValue)")
    }
  }
}

extension JSONRoom {
  /// Writes a member whose value is a moment, as RFC 3339 has it; `null` if there is none.
  @inline(__always)
  mutating func moment(_ name: StaticString, _ moment: Timestamp?) {
    guard let moment else { return spelled(name, "null") }
    let ascii = moment.rfc3339ASCII
    plain(name, ascii.span)
  }
}

extension MessageFacts {
  /// Whether it has nothing but a text.
  fileprivate var isUsual: Bool {
    type == .text && replyTo == nil && attachments.isEmpty && editedAt == nil && deletedAt == nil && reactions.isEmpty
  }
}
