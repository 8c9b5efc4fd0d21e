import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

@Suite("Messages after they were sent, as a client meets them")
struct SentMessageStories {
  @Test func `an edited message is shown as it is now, and its author alone may edit it`() async throws {
    let (door, room, message) = try await said("hi")
    let edited = await door.send(.patch, message, ["text": "hi!"], as: door.stage.bob)
    #expect(edited.status == 200)
    #expect(edited["text"]?.string == "hi!")
    #expect(edited["edited_at"]?.string != nil)
    #expect(await door.send(.get, message, as: door.stage.ada).body == edited.body)
    let entries = await door.send(.get, room + "/entries?after=1", as: door.stage.ada)
    #expect(entries.each("entries", "t") == ["message.created", "message.edited"])
    #expect(entries["entries"]?[1]?["d"]?["text"]?.string == "hi!")
    #expect(!String(decoding: edited.body + entries.body, as: UTF8.self).contains("previous"))
    #expect(await door.send(.patch, message, ["text": "x"], as: door.stage.ada).summary == "403 not_the_author")
    #expect(await door.send(.patch, message, ["text": "x"], as: door.stage.eve).summary == "404 message_not_found")
    #expect(await door.send(.get, message, as: door.stage.eve).summary == "404 message_not_found")
  }

  @Test func `an edit with If-Match is refused once somebody else has changed the message`() async throws {
    let (door, _, message) = try await said("one")
    let first = try #require(await door.send(.get, message, as: door.stage.bob).headers["etag"])
    func edit(_ text: String, _ tag: String) async -> Reply {
      await door.send(.patch, message, ["text": .string(text)], as: door.stage.bob, headers: ["If-Match": tag])
    }
    let second = await edit("two", first)
    #expect(second.status == 200)
    #expect(second.headers["etag"] != first)
    for tag in [first, "W/\(second.headers["etag"] ?? "")", "\"x\"", "nonsense", ","] {
      #expect(await edit("three", tag).summary == "412 message_changed", "\(tag)")
    }
    #expect(await edit("three", "\(first), \(second.headers["etag"] ?? "")").status == 200)
    #expect(await edit("four", "*").status == 200)
    #expect(await edit("five", "").summary == "400 invalid_request /If-Match too_short")
  }

  @Test func `a deleted message keeps its place and loses its text`() async throws {
    let (door, room, message) = try await said("secret")
    #expect(await door.send(.delete, message, as: door.stage.eve).summary == "404 message_not_found")
    // Ada owns the group.
    #expect(await door.send(.delete, message, as: door.stage.ada).status == 204)
    #expect(await door.send(.delete, message, as: door.stage.bob).status == 204)
    let history = await door.send(.get, room + "/messages", as: door.stage.bob)
    #expect(history.each("messages", "text") == [""])
    #expect(history["messages"]?[0]?["deleted_at"]?.string != nil)
    let entries = await door.send(.get, room + "/entries?after=1", as: door.stage.bob)
    #expect(entries.each("entries", "t") == ["message.created", "message.deleted"])
    #expect(!String(decoding: history.body + entries.body, as: UTF8.self).contains("secret"))
    #expect(await door.send(.patch, message, ["text": "x"], as: door.stage.bob).summary == "409 message_deleted")
  }

  @Test func `a reaction is put on once and taken off once`() async throws {
    let (door, room, message) = try await said("hi")
    let thumb = message + "/reactions/" + PercentCoding.encode("👍")
    for _ in 1...2 {
      let reply = await door.send(.put, thumb, as: door.stage.ada)
      #expect(reply["reactions"] == [["emoji": "👍", "count": 1]])
    }
    #expect(await door.send(.put, thumb, as: door.stage.bob)["reactions"]?[0]?["count"]?.integer == 2)
    for _ in 1...2 { #expect(await door.send(.delete, thumb, as: door.stage.bob).status == 204) }
    let history = await door.send(.get, room + "/messages", as: door.stage.bob)
    #expect(history["messages"]?[0]?["reactions"] == [["emoji": "👍", "count": 1]])
    let entries = await door.send(.get, room + "/entries?after=2", as: door.stage.bob)
    #expect(entries.each("entries", "t") == ["reaction.added", "reaction.added", "reaction.removed"])
    #expect((entries["entries"]?.array ?? []).map { $0["d"]?["count"]?.integer } == [1, 2, 1])
    #expect(entries["entries"]?[0]?["d"]?["message_seq"]?.integer == 2)
    #expect(await door.send(.put, thumb, as: door.stage.eve).summary == "404 message_not_found")
  }

  @Test(arguments: ["a", "1", "👍👍", " ", "©", "<b>", "👍a", "\u{200D}", String(repeating: "👍", count: 17)])
  func `what is no emoji is no reaction`(text: String) async throws {
    let (door, _, message) = try await said("hi")
    let reply = await door.send(.put, message + "/reactions/" + PercentCoding.encode(text), as: door.stage.ada)
    #expect(reply.status == 400)
    #expect(reply.faults.map(\.pointer) == ["/emoji"])
  }

  @Test(arguments: [
    "👍", "❤️", "❤", "1️⃣", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
  ])
  func `every emoji is one`(emoji: String) async throws {
    let (door, _, message) = try await said("hi")
    let reply = await door.send(.put, message + "/reactions/" + PercentCoding.encode(emoji), as: door.stage.ada)
    #expect(reply["reactions"]?[0]?["emoji"]?.string == emoji)
  }

  @Test func `one kind of reaction past the limit is refused`() async throws {
    let (door, _, message) = try await said("hi")
    for number in 0...20 {
      let emoji = Unicode.Scalar(UInt32(0x1F600 + number)).map { String($0) } ?? ""
      let reply = await door.send(.put, message + "/reactions/" + PercentCoding.encode(emoji), as: door.stage.ada)
      #expect(reply.summary == (number < 20 ? "200 -" : "409 too_many_reactions"))
    }
  }

  @Test func `read markers stand with the members, and the caller's with his conversations`() async throws {
    let (door, room, _) = try await said("hi")
    func mark(_ seq: Int64) async -> Reply {
      await door.send(.put, room + "/read", ["seq": .integer(seq)], as: door.stage.bob)
    }
    #expect(await mark(2)["seq"]?.integer == 2)
    #expect(await mark(1)["seq"]?.integer == 2)
    #expect(await mark(3).summary == "400 invalid_request /seq out_of_range")
    let bob = JSONValue.integer(door.stage.bob.user.rawValue)
    for path in [room, room + "/members"] {
      let members = await door.send(.get, path, as: door.stage.ada)["members"]?.array ?? []
      #expect(members.first { $0["user"] == bob }?["read_seq"]?.integer == 2, "\(path)")
    }
    #expect(await door.send(.get, room, as: door.stage.ada)["read_seq"]?.integer == 0)
    let list = await door.send(.get, "/v1/conversations", as: door.stage.bob)
    #expect(list.each("conversations", "read_seq") == [2])
    #expect(door.stage.publisher.signals.map { "\($0)" }.count == 1)
  }

  @Test func `messages carry every type that clients send`() async throws {
    let (door, room, _) = try await said("hi")
    for type in ["text", "image", "audio", "video", "file", "location", "item"] {
      let reply = await door.send(
        .post, room + "/messages", ["text": "x", "type": .string(type)], as: door.stage.bob)
      #expect(reply["type"]?.string == type)
    }
  }

  private func said(_ text: String) async throws -> (Door, room: String, message: String) {
    let door = try await Door.open()
    let cast = door.stage.cast
    let room = try await cast.group().id
    let message = try await cast.say(text, by: cast.bob, in: room).message.id
    return (door, "/v1/conversations/\(room.rawValue)", "/v1/messages/\(message.rawValue)")
  }
}
