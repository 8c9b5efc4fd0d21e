import ChatCore
import Delivery
import TestKit
import Testing

@testable import Realtime

/// Frames, events and tickets that no client sends: each is answered, refused or ends its session, and nothing else.
struct GarbageTests {
  private static let marks = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "null", "-", "7", "é", "\u{2028}", "\0", #""id":"#,
    #""op":"#, #""d":{}"#, "resume", "auth", String(repeating: "[", count: 40),
  ]

  private static func samples(_ conversation: ConversationID, _ bob: User) -> [String] {
    [
      #""op":"message.send","d":{"conversation":\#(conversation.rawValue),"text":"hi","client_message_id":"c1"}"#,
      #""op":"read","d":{"conversation":\#(conversation.rawValue),"seq":1}"#,
      #""op":"presence.watch","d":{"users":[\#(bob.id.rawValue)]}"#, #""op":"auth","d":{"token":"token-0"}"#,
      #""op":"resume","d":{"heads":{"\#(conversation.rawValue)":1}}"#, #""op":"typing","d":{"conversation":4096}"#,
      #""op":"conversation.create","d":{"kind":"group","title":"Tea","members":[\#(bob.id.rawValue)]}"#,
    ].map { #"{"id":"1",\#($0)}"# }
  }

  @Test func `frames, on a session that ends when it must`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    var client = try stage.client(stage.ada)
    for (place, frame) in Garbage.of(Self.samples(room, stage.bob), marks: Self.marks, count: 500).enumerated() {
      if client.closed != nil { client = place % 2 == 0 ? try stage.client(stage.ada) : stage.connect() }
      client.session?.received(text: frame.span)
      if place % 7 == 0 { stage.time.run(for: 20) }
    }
    stage.time.run(for: 1_000)
    let last = try stage.client(stage.bob)
    last.send(#"{"id":"x","op":"nothing","d":{}}"#)
    #expect(last.code("x") == "unknown_operation", "the door still answers")
    #expect(stage.door.report.open >= 1)
  }

  @Test func `events, and tickets of those who come back`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    var client = try stage.entered(stage.ada, recovering: true)
    let data = Self.samples(room, stage.bob) + [#"{"conversation":\#(room.rawValue),"text":"hi"}"#]
    for (place, text) in Garbage.of(data, marks: Self.marks, count: 300).enumerated() {
      if client.closed != nil { client = try stage.entered(stage.ada, recovering: true) }
      let name = ["message.send", "read", "resume", "auth", "presence.watch", ""][place % 6]
      let arguments = place % 5 == 0 ? [text, text] : [text]
      client.session?.received(event: name, arguments, hasAttachments: place % 11 == 0, ack: Int64(place))
      if place % 7 == 0 { stage.time.run(for: 20) }
    }
    let ticket = #"{"token":"t","recovery":true,"pid":"pid-1","offset":"\#(room.rawValue):1"}"#
    var trail = Trail()
    trail.sent(EntryPlace(room, 1))
    trail.resumed([:])
    var read = 0
    for text in Garbage.of([ticket], marks: Self.marks) {
      guard case .success(let ticket) = Ticket.read(auth: text, limits: RealtimeLimits()) else { continue }
      read += 1
      _ = trail.rewound(to: ticket.offset)
    }
    #expect(read > 10)
  }
}
