import ChatCore
import JSONText
import TestKit
import Testing

@testable import EntryText

/// What anybody may publish in Redis: dropped, or an entry that can be told to clients and published again.
struct GarbageTests {
  @Test func `payloads, and what is told of them`() throws {
    let entries = PayloadTests.events.map { event in
      Entry(
        conversation: PayloadTests.conversation, seq: 4, id: PayloadTests.message.id,
        createdAt: PayloadTests.message.createdAt, author: PayloadTests.ada, event: event)
    }
    let samples = entries.map { EntryText.payload(of: [$0], in: PayloadTests.conversation) }
    let marks = [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "null", #""k":"#, #""d":"#, #""r":7"#, #""a":[["👍",3]]"#,
      #""y":"image""#,
      #""f":[{"i":1,"n":"a","y":"b","z":1}]"#, #","e":-1"#, "\u{2028}", "<", "&", "\u{7F}",
    ]
    var told = 0
    for payload in Garbage.of(samples, marks: marks) {
      for entry in payload.withUnsafeBytes({ EntryText.entries(fromPayload: $0) }) ?? [] {
        var writer = JSONWriter()
        EntryText.write(entry, to: &writer)
        _ = try JSONValue(parsing: writer.finish())
        _ = EntryText.payload(of: [entry], in: entry.conversation)
        told += 1
      }
    }
    #expect(told > 100)
  }

  @Test func `a message with the largest and the smallest of all numbers has room`() throws {
    for number in [.min, -1, 0, .max] as [Int64] {
      for text in ["", "\u{0}\u{1}\u{2028}\"", String(repeating: "\u{1}", count: 1_000)] {
        for type in MessageType.allCases {
          let moment = Timestamp(milliseconds: number)
          var message = Message(
            id: EntryID(rawValue: number), conversation: ConversationID(rawValue: number), seq: number,
            sender: Author(id: UserID(rawValue: number), username: text), type: type, text: text, clientMessageID: text,
            replyTo: EntryID(rawValue: number), createdAt: moment)
          (message.editedAt, message.deletedAt, message.changedSeq) = (moment, moment, number)
          message.reactions = [ReactionCount(emoji: text, count: number)]
          var writer = JSONWriter()
          EntryText.write(message, to: &writer)
          #expect(writer.finish().last == UInt8(ascii: "}"))
        }
      }
    }
  }
}
