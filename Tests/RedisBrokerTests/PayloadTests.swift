import ChatCore
import EntryText
import Testing

@testable import RedisBroker

/// Entries for tests: message `seq` of a conversation, said by ada.
func entry(_ seq: Int64, in conversation: ConversationID, text: String = "hi") -> Entry {
  let ada = Author(id: UserID(counter: 20_000, bucket: Bucket(folding: 5)), username: "ada")
  let id = EntryID(counter: max(1, seq), bucket: conversation.bucket)
  let time = Timestamp(milliseconds: 1_700_000_000_000)
  let message = Message(
    id: id, conversation: conversation, seq: seq, sender: ada, type: .text, text: text, clientMessageID: nil,
    replyTo: nil, createdAt: time)
  return Entry(
    conversation: conversation, seq: seq, id: id, createdAt: time, author: ada, event: .messageCreated(message))
}

@Suite("Payloads between nodes")
struct PayloadTests {
  static let here = ConversationID(counter: 7, bucket: Bucket(folding: 77))
  static let there = ConversationID(counter: 8, bucket: Bucket(folding: 77))
  static let ada = Author(id: UserID(counter: 20_000, bucket: Bucket(folding: 5)), username: "ada \"q\" <é>")

  static let signals: [Signal] = [
    .signedOut(ada.id, sessions: []), .accountGone(ada.id),
    .estranged(ada.id, from: UserID(rawValue: 8_193)),
    .signedOut(ada.id, sessions: [SessionID(rawValue: 4_097), SessionID(rawValue: 4_098)]),
    .typing(here, ada),
    .read(here, ada.id, seq: 0),
    .read(here, ada.id, seq: 42),
  ]

  static let relays: [Signal] = [Audience.everyone, .others(than: ada.id), .only(ada.id), .inside(there)].flatMap {
    audience in
    [Topic.conversation(here), .user(ada.id)].compactMap { topic in
      Relay(to: topic, wire: "realtime", audience: audience, body: #"2["typing",{"text":"é\""}]"#)
    }
  }.map { .relayed($0) }

  @Test("entries come back as they were")
  func entriesRoundTrip() throws {
    let entries = (1...5).map { entry($0, in: Self.here) }
    let payload = EntryText.payload(of: entries, in: Self.here)
    #expect(try Payload(payload, on: .conversation(Self.here)) == .entries(entries))
  }

  @Test("signals come back as they were, on their own topic only", arguments: signals + relays)
  func signalRoundTrip(signal: Signal) throws {
    let payload = SignalText.payload(of: signal)
    #expect(try Payload(payload, on: SignalText.topic(of: signal)) == .signal(signal))
    #expect(throws: Payload.Fault.foreign) { try Payload(payload, on: .conversation(Self.there)) }
    #expect(throws: Payload.Fault.foreign) { try Payload(payload, on: .user(UserID(rawValue: 1))) }
  }

  @Test("entries of another conversation than the topic's are dropped")
  func foreign() {
    let payload = EntryText.payload(of: [entry(1, in: Self.there)], in: Self.there)
    #expect(throws: Payload.Fault.foreign) { try Payload(payload, on: .conversation(Self.here)) }
    #expect(throws: Payload.Fault.foreign) { try Payload(payload, on: .user(Self.ada.id)) }
  }

  @Test(
    "what no row can have is dropped",
    arguments: ["0", "-1", "9007199254740992", "9223372036854775807", "9223372036854775808", "1.5", "\"1\"", "null"])
  func impossible(seq: String) throws {
    let text = String(decoding: EntryText.payload(of: [entry(4, in: Self.here)], in: Self.here), as: UTF8.self)
    try #require(text.contains(#""q":4"#))
    let changed = Array(text.replacing(#""q":4"#, with: #""q":"# + seq).utf8)
    #expect(throws: Payload.Fault.self) { try Payload(changed, on: .conversation(Self.here)) }
  }

  @Test(
    "garbage is dropped",
    arguments: [
      "", "x", "{}", "[]", "null", #"{"v":2,"c":1,"e":[]}"#, #"{"s":"#, #"{"s":"unknown","u":1}"#, #"{"s":1}"#,
      #"{"s":"typing","u":1}"#, #"{"s":"typing","c":1,"u":0,"n":"x"}"#, #"{"s":"read","c":1,"u":1,"q":-1}"#,
      #"{"s":"read","c":1,"u":1,"q":9007199254740992}"#, #"{"s":"signed_out","u":1}"#,
      #"{"s":"signed_out","u":1,"l":["x"]}"#, #"{"s":"signed_out","u":1,"l":[0]}"#,
    ])
  func garbage(text: String) {
    #expect(throws: Payload.Fault.self) { try Payload(Array(text.utf8), on: .conversation(Self.here)) }
  }

  @Test("a payload cut short or with a byte changed is read or dropped, never anything else")
  func mutations() {
    let payloads =
      Self.signals.map(SignalText.payload(of:)) + [
        EntryText.payload(of: (1...3).map { entry($0, in: Self.here) }, in: Self.here)
      ]
    for payload in payloads {
      for index in payload.indices {
        _ = try? Payload(Array(payload[..<index]), on: .conversation(Self.here))
        var changed = payload
        changed[index] ^= UInt8.random(in: 1...255)
        _ = try? Payload(changed, on: .conversation(Self.here))
      }
    }
  }
}
