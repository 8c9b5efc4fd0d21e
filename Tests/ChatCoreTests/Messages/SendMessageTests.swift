import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct SendMessageTests {
  @Test func `a message is stored, then told once`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let sent = try await SendMessage(conversation: group.id, text: "hi", clientMessageID: "c1")
      .run(in: stage.chat, as: stage.bob)
    #expect(sent.message.seq == 2)
    #expect(sent.message.sender == Author(id: stage.bob.user, username: stage.cast.bob.username))
    #expect(stage.publisher.entries == [Entry(creating: sent.message)])
    #expect(try await stage.world.entries(of: group.id, after: 1, limit: 9) == stage.publisher.entries)
  }

  @Test func `a repeated send gets the first answer and is not told again`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let send = SendMessage(conversation: group.id, text: "hi", clientMessageID: "c1")
    let first = try await send.run(in: stage.chat, as: stage.bob)
    stage.clock.advance(by: 86_400_000)
    let again = try await send.run(in: stage.chat, as: stage.bob)
    #expect(again.message == first.message)
    #expect(again.repeated)
    #expect(stage.publisher.entries.count == 1)
    await refused(.conflict(.idempotency)) { () throws(ChatError) in
      try await SendMessage(conversation: group.id, text: "ho", clientMessageID: "c1").run(
        in: stage.chat, as: stage.bob)
    }
  }

  @Test func `what is refused is not told`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    await refused(.notFound(.conversation)) { () throws(ChatError) in
      try await SendMessage(conversation: group.id, text: "hi").run(in: stage.chat, as: stage.eve)
    }
    stage.world.isAway = true
    await refused(.unavailable(.database, retryAfter: 1000)) { () throws(ChatError) in
      try await SendMessage(conversation: group.id, text: "hi").run(in: stage.chat, as: stage.ada)
    }
    #expect(stage.publisher.entries == [])
  }

  @Test(arguments: [(1, nil), (16_384, nil), (16_385, "too_long"), (0, "too_short")])
  func `a text has 1 to 16384 bytes`(length: Int, code: String?) async throws {
    let text = String(repeating: "x", count: length)
    try await send(text, is: code)
  }

  @Test func `bytes are counted, not letters`() async throws {
    try await send(String(repeating: "\u{1F600}", count: 4096), is: nil)
    try await send(String(repeating: "\u{1F600}", count: 4096) + "x", is: "too_long")
  }

  @Test(arguments: [
    "a\u{0}b", "\u{1}", "a\u{B}b", "\r\n", "\u{1B}[31m", " ", "\n\t\n", "\u{200B}\u{3000}", "\u{FEFF}", "\u{3164}",
  ])
  func `control characters and mere blanks are refused`(text: String) async throws {
    try await send(text, is: "not_allowed")
  }

  @Test(arguments: [
    " a ", "a\n\tb", "a\r\nb\r", "\u{202E}abc", "Z\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}", "\u{1F600}", "0",
  ])
  func `whatever else people write may stand in a text`(text: String) async throws {
    try await send(text, is: nil)
  }

  @Test(arguments: [(1, nil), (128, nil), (129, "too_long"), (0, "too_short")])
  func `a client id has 1 to 128 bytes`(length: Int, code: String?) async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let send = SendMessage(conversation: group.id, text: "x", clientMessageID: String(repeating: "c", count: length))
    if let code {
      await faulty(["/client_message_id \(code)"]) { () throws(ChatError) in
        try await send.run(in: stage.chat, as: stage.ada)
      }
    } else {
      _ = try await send.run(in: stage.chat, as: stage.ada)
    }
  }

  @Test func `an answer names a message of the same conversation`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let other = try await stage.cast.direct()
    let first = try await stage.cast.say("a", by: stage.cast.ada, in: group.id).message.id
    let elsewhere = try await stage.cast.say("b", by: stage.cast.ada, in: other.id).message.id
    let answer = SendMessage(conversation: group.id, text: "yes", replyTo: first)
    #expect(try await answer.run(in: stage.chat, as: stage.bob).message.replyTo == first)
    await faulty(["/reply_to unknown_message"]) { () throws(ChatError) in
      try await SendMessage(conversation: group.id, text: "no", replyTo: elsewhere).run(in: stage.chat, as: stage.bob)
    }
  }

  private func send(_ text: String, is code: String?) async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let send = SendMessage(conversation: group.id, text: text)
    if let code {
      await faulty(["/text \(code)"]) { () throws(ChatError) in try await send.run(in: stage.chat, as: stage.ada) }
    } else {
      #expect(try await send.run(in: stage.chat, as: stage.ada).message.text == text)
    }
  }
}
