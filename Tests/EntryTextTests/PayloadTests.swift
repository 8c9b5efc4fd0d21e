import ChatCore
import EntryText
import JSONText
import Testing

@Suite("What the broker carries")
struct PayloadTests {
  static let conversation = ConversationID(counter: 9, bucket: Bucket(folding: 77))
  static let ada = Author(id: UserID(counter: 3000, bucket: Bucket(folding: 5)), username: "ada \"quoted\" <é>")
  static let message = Message(
    id: EntryID(counter: 12, bucket: Bucket(folding: 77)), conversation: conversation, seq: 4, sender: ada,
    type: .text, text: "hi\n\u{1F600}", clientMessageID: "c-1",
    replyTo: EntryID(counter: 2, bucket: Bucket(folding: 77)),
    createdAt: Timestamp(milliseconds: 1_700_000_000_123))

  static let events: [Event] = [
    .messageCreated(message),
    .messageEdited(edited(message)),
    .messageDeleted(message),
    .reactionAdded(message: message.id, messageSeq: 4, emoji: "👍"),
    .reactionRemoved(message: message.id, messageSeq: 4, emoji: "👍"),
    .memberJoined(Member(user: ada.id, username: ada.username, role: .admin)),
    .memberLeft(ada),
    .memberChanged(Member(user: ada.id, username: ada.username, role: .owner)),
    .conversationCreated(
      Conversation(
        id: conversation, kind: .group, title: "Tea", head: 1, createdAt: Timestamp(milliseconds: 5),
        members: [Member(user: ada.id, username: "ada", role: .owner)], memberCount: 1)),
    .conversationUpdated(title: "Coffee"),
    .conversationDeleted,
    .joined(conversation, seq: 7),
    .left(conversation, seq: 8),
  ]

  private static func edited(_ message: Message) -> Message {
    var message = message
    message.text = "changed"
    message.editedAt = Timestamp(milliseconds: 1_700_000_000_999)
    return message
  }

  private static func entry(_ event: Event) -> Entry {
    Entry(
      conversation: conversation, seq: 4, id: message.id, createdAt: message.createdAt, author: ada, event: event)
  }

  @Test("every kind of event has an example here")
  func complete() {
    #expect(Set(Self.events.map { EventCode($0) }) == Set(EventCode.allCases))
  }

  @Test("reading gives back what was written", arguments: events)
  func roundTrip(event: Event) {
    let payload = EntryText.payload(of: [Self.entry(event), Self.entry(event)], in: Self.conversation)
    let read = payload.withUnsafeBytes { EntryText.entries(fromPayload: $0) }
    #expect(read == [Self.entry(event), Self.entry(event)])
  }

  @Test("a payload cut short or with one byte changed is refused or read, never a trap")
  func garbage() {
    let payload = EntryText.payload(of: Self.events.map(Self.entry), in: Self.conversation)
    for length in stride(from: 0, to: payload.count, by: 7) {
      #expect(payload[..<length].withUnsafeBytes { EntryText.entries(fromPayload: $0) } == nil)
    }
    for index in stride(from: 0, to: payload.count, by: 3) {
      var changed = payload
      changed[index] ^= 0x11
      _ = changed.withUnsafeBytes { EntryText.entries(fromPayload: $0) }
    }
  }

  @Test(
    "an entry that could not be of that conversation's log is refused",
    arguments: [
      (#""q":4"#, #""q":0"#), (#""q":4"#, #""q":-1"#), (#""v":1"#, #""v":2"#), (#""k":11"#, #""k":99"#),
      (#""i":49229"#, #""i":49230"#), (#""k":11"#, #""k":1"#),
    ])
  func refused(part: String, by other: String) throws {
    let payload = EntryText.payload(of: [Self.entry(.conversationDeleted)], in: Self.conversation)
    let text = String(decoding: payload, as: UTF8.self)
    try #require(text.contains(part))
    let changed = Array(text.replacing(part, with: other).utf8)
    #expect(changed.withUnsafeBytes { EntryText.entries(fromPayload: $0) } == nil)
  }

  @Test("a message on the wire has the members that clients build on")
  func wire() throws {
    var writer = JSONWriter()
    EntryText.write(Self.entry(.messageCreated(Self.message)), to: &writer)
    let value = try JSONValue(parsing: writer.finish())
    #expect(value["t"]?.string == "message.created")
    #expect(value["conv"]?.integer == Self.conversation.rawValue)
    #expect(value["seq"]?.integer == 4)
    let message = value["d"]?.object
    #expect(
      message?.names == [
        "id", "conversation", "seq", "sender", "type", "text", "client_message_id", "reply_to", "attachments",
        "created_at",
        "edited_at", "deleted_at",
      ])
    #expect(message?["created_at"]?.string == "2023-11-14T22:13:20.123Z")
    #expect(message?["sender"]?["username"]?.string == Self.ada.username)
  }
}
