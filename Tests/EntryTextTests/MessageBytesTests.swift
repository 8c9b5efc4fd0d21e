import ChatCore
import JSONText
import Testing

@testable import EntryText

/// A message is written in one go into room that was made for it; here it is written member by member.
@Suite struct MessageBytesTests {
  private static let texts = [
    "", "a", "plain", "x\"", "\\", "\u{0}", "\u{1F}", "\u{2028}", "<&>\u{2029}", "é", "👍🏽", "\u{7F}",
    String(repeating: "seven b", count: 9), String(repeating: "\u{1}", count: 64), String(repeating: "\"", count: 333),
    String(repeating: "n", count: 15) + "\u{2}", String(repeating: "n", count: 16) + "&",
    "&" + String(repeating: "n", count: 16),
  ]
  private static let integers: [Int64] = [0, 1, -1, 9, 10, 99, 100, 9_999, 10_000, -12_345, .max, .min, .min + 1]

  private struct Dice: RandomNumberGenerator {
    var state: UInt64 = 1

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state ^ state >> 33) &* 0xFF51_AFD7_ED55_8CCD
    }
  }

  private static func written(_ message: Message) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    func int(_ name: StaticString, _ value: Int64?) {
      writer.key(name)
      if let value { writer.raw(Array("\(value)".utf8)) } else { writer.null() }
    }
    func text(_ name: StaticString, _ value: String?) {
      writer.key(name)
      if let value { writer.string(value) } else { writer.null() }
    }
    int("id", message.id.rawValue)
    int("conversation", message.conversation.rawValue)
    int("seq", message.seq)
    writer.key("sender")
    writer.beginObject()
    int("id", message.sender.id.rawValue)
    text("username", message.sender.username)
    writer.endObject()
    text("type", message.type.rawValue)
    text("text", message.text)
    text("client_message_id", message.clientMessageID)
    int("reply_to", message.replyTo?.rawValue)
    writer.key("attachments")
    writer.beginArray()
    for file in message.attachments {
      writer.beginObject()
      int("id", file.id.rawValue)
      text("name", file.name)
      text("type", file.type)
      int("size", file.size)
      text("url", "/v1/files/\(file.id.rawValue)")
      writer.endObject()
    }
    writer.endArray()
    text("created_at", message.createdAt.rfc3339)
    text("edited_at", message.editedAt?.rfc3339)
    text("deleted_at", message.deletedAt?.rfc3339)
    writer.key("reactions")
    writer.beginArray()
    for reaction in message.reactions {
      writer.beginObject()
      text("emoji", reaction.emoji)
      int("count", reaction.count)
      writer.endObject()
    }
    writer.endArray()
    writer.endObject()
    return writer.finish()
  }

  @Test func `in one go it is the same bytes as member by member, whatever stands in it`() {
    var dice = Dice()
    func text() -> String { Self.texts.randomElement(using: &dice) ?? "" }
    func int() -> Int64 { Self.integers.randomElement(using: &dice) ?? 0 }
    func maybe<Value>(_ value: Value, unless isUsual: Bool = false) -> Value? {
      !isUsual && Bool.random(using: &dice) ? value : nil
    }
    for round in 1...3_000 {
      // Every other one has nothing but a text, as nearly all have.
      let isUsual = round.isMultiple(of: 2)
      func few() -> Range<Int> { isUsual ? 0..<0 : 0..<Int.random(in: 0...2, using: &dice) }
      let files = few().map { _ in
        Attachment(id: FileID(rawValue: int()), name: text(), type: text(), size: int())
      }
      let message = Message(
        id: EntryID(rawValue: int()), conversation: ConversationID(rawValue: int()), seq: int(),
        sender: Author(id: UserID(rawValue: int()), username: text()),
        type: isUsual ? .text : MessageType.allCases.randomElement(using: &dice) ?? .text, text: text(),
        clientMessageID: maybe(text()), replyTo: maybe(EntryID(rawValue: int()), unless: isUsual),
        createdAt: Timestamp(milliseconds: int()),
        editedAt: maybe(Timestamp(milliseconds: int()), unless: isUsual),
        deletedAt: maybe(Timestamp(milliseconds: int()), unless: isUsual), attachments: files,
        reactions: few().map { _ in ReactionCount(emoji: text(), count: int()) })
      let expected = Self.written(message)
      // Behind something and in a list, where a comma stands before it.
      var writer = JSONWriter()
      writer.beginArray()
      EntryText.write(message, to: &writer)
      EntryText.write(message, to: &writer)
      writer.endArray()
      #expect(writer.finish() == Array("[".utf8) + expected + Array(",".utf8) + expected + Array("]".utf8))
    }
  }
}
