import ChatCore
import EntryText
import JSONText
import Testing

@Suite("What the broker carries")
struct PayloadTests {
  static let conversation = ConversationID(counter: 9, bucket: Bucket(folding: 77))
  static let ada = Author(id: UserID(counter: 3000, bucket: Bucket(folding: 5)), username: "ada \"quoted\" <é>")
  static let bob = Author(id: UserID(counter: 3001, bucket: Bucket(folding: 6)), username: "bob")
  static let message = Message(
    id: EntryID(counter: 12, bucket: Bucket(folding: 77)), conversation: conversation, seq: 4, sender: ada,
    type: .text, text: "hi\n\u{1F600}", clientMessageID: "c-1",
    replyTo: EntryID(counter: 2, bucket: Bucket(folding: 77)),
    createdAt: Timestamp(milliseconds: 1_700_000_000_123))

  static let events: [Event] = [
    .messageCreated(message),
    .messageEdited(edited(message)),
    .messageDeleted(message),
    .reactionAdded(message: message.id, messageSeq: 4, emoji: "👍", count: 2),
    .reactionRemoved(message: message.id, messageSeq: 4, emoji: "👍", count: 1),
    .memberJoined(Member(user: ada.id, username: ada.username, role: .admin)),
    .memberLeft(ada),
    .memberChanged(Member(user: ada.id, username: ada.username, role: .owner)),
    .conversationCreated(
      Conversation(
        id: conversation, kind: .group, title: "Tea", head: 1, createdAt: Timestamp(milliseconds: 5),
        members: [Member(user: ada.id, username: "ada", role: .owner)], memberCount: 1)),
    .conversationUpdated(title: "Coffee", picture: "https://example.org/cup.png"),
    .conversationDeleted,
    .joined(conversation, seq: 7),
    .left(conversation, seq: 8),
    .contactChanged(
      Contact(
        user: ada.id, username: ada.username, state: .requested, label: .friend, isBlocked: true,
        timeoutUntil: Timestamp(milliseconds: 7), streak: 3, isInitiator: true, since: Timestamp(milliseconds: 9))),
    .contactChanged(
      Contact(
        user: ada.id, username: ada.username, state: nil, label: nil, isBlocked: false, timeoutUntil: nil, streak: nil,
        isInitiator: false, since: nil)),
    .blockChanged(ada, isBlocked: true),
  ]

  private static func edited(_ message: Message) -> Message {
    var message = message
    message.text = "changed"
    message.editedAt = Timestamp(milliseconds: 1_700_000_000_999)
    message.reactions = [ReactionCount(emoji: "👍", count: 3), ReactionCount(emoji: "❤️", count: 1)]
    message.changedSeq = 9
    return message
  }

  private static func entry(_ event: Event) -> Entry {
    Entry(
      conversation: conversation, seq: 4, id: message.id, createdAt: message.createdAt, author: ada, event: event)
  }

  @Test("every kind of event has an example here")
  func complete() {
    #expect(Set(Self.events.compactMap { EventCode($0) }) == Set(EventCode.allCases))
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

  @Test("plain messages, spelled as we spell them, are judged as any other spelling is, byte for byte")
  func plainMessages() throws {
    let plain = Message(
      id: Self.message.id, conversation: Self.conversation, seq: 4, sender: Self.bob, type: .text, text: "grüß dich",
      clientMessageID: "c-1", replyTo: Self.message.replyTo, createdAt: Self.message.createdAt)
    let bare = Message(
      id: Self.message.id, conversation: Self.conversation, seq: 5, sender: Self.bob, type: .text, text: "",
      clientMessageID: nil, replyTo: nil, createdAt: Timestamp(milliseconds: 0))
    let payload = EntryText.payload(of: [plain, bare].map { Entry(creating: $0) }, in: Self.conversation)
    // A space in front is enough to be spelled otherwise.
    func read(_ bytes: [UInt8]) -> [Entry]? { bytes.withUnsafeBytes { EntryText.entries(fromPayload: $0) } }
    func readOtherwise(_ bytes: [UInt8]) -> [Entry]? { read([0x20] + bytes) }
    #expect(read(payload) == [Entry(creating: plain), Entry(creating: bare)])
    #expect(readOtherwise(payload) == read(payload))
    var accepted = 0
    for index in payload.indices {
      for flipped: UInt8 in [0x01, 0x02, 0x10, 0x20, 0x80] {
        var changed = payload
        changed[index] ^= flipped
        let entries = read(changed)
        #expect(entries == readOtherwise(changed), "byte \(index), bits \(flipped)")
        if entries != nil { accepted += 1 }
      }
      #expect(read(Array(payload[..<index])) == nil)
    }
    #expect(accepted > 100)
    #expect(read(payload + payload) == nil)
  }

  @Test(
    "an entry that could not be of that conversation's log is refused",
    arguments: [
      (#""q":4"#, #""q":0"#), (#""q":4"#, #""q":-1"#), (#""v":1"#, #""v":2"#), (#""k":11"#, #""k":0"#),
      (#""i":49229"#, #""i":49230"#), (#""k":11"#, #""k":1"#),
    ])
  func refused(part: String, by other: String) throws {
    let payload = EntryText.payload(of: [Self.entry(.conversationDeleted)], in: Self.conversation)
    let text = String(decoding: payload, as: UTF8.self)
    try #require(text.contains(part))
    let changed = Array(text.replacing(part, with: other).utf8)
    #expect(changed.withUnsafeBytes { EntryText.entries(fromPayload: $0) } == nil)
  }

  /// What the tests of a later version would say of this one: what it adds passes through.
  @Test("an event of a number that only a newer version knows keeps its place and says so", arguments: [99, 32_767])
  func newer(number: Int16) throws {
    let text = String(
      decoding: EntryText.payload(of: [Self.entry(.conversationDeleted)], in: Self.conversation), as: UTF8.self)
    let newer = Array(text.replacing(#""k":11,"d":{}"#, with: #""k":\#(number),"d":{"new":[1]}"#).utf8)
    let read = try #require(newer.withUnsafeBytes { EntryText.entries(fromPayload: $0) })
    #expect(read == [Self.entry(.unknown(code: number))])
    var writer = JSONWriter()
    EntryText.write(read[0], to: &writer)
    let value = try JSONValue(parsing: writer.finish())
    #expect(value["t"]?.string == "unknown")
    #expect(value["seq"]?.integer == 4)
    #expect(value["d"]?["kind"]?.integer == Int64(number))
    #expect(EventCode.number(of: read[0].event) == number)
  }

  @Test("a message of a type that only a newer version knows is read as text")
  func newerType() throws {
    let text = String(
      decoding: EntryText.payload(of: [Self.entry(.messageCreated(Self.message))], in: Self.conversation),
      as: UTF8.self)
    try #require(text.contains(#""y":"text""#))
    let newer = Array(text.replacing(#""y":"text""#, with: #""y":"hologram""#).utf8)
    #expect(
      newer.withUnsafeBytes { EntryText.entries(fromPayload: $0) } == [Self.entry(.messageCreated(Self.message))])
  }

  @Test("no payload and no wire of our own tells the text before an edit")
  func previousText() {
    var message = Self.message
    message.previousText = "hidden"
    var writer = JSONWriter()
    EntryText.write(message, to: &writer)
    for bytes in [writer.finish(), EntryText.detail(of: .messageEdited(message))] {
      #expect(!String(decoding: bytes, as: UTF8.self).contains("hidden"))
    }
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
        "reactions",
      ])
    #expect(message?["created_at"]?.string == "2023-11-14T22:13:20.123Z")
    #expect(message?["sender"]?["username"]?.string == Self.ada.username)
  }
}
