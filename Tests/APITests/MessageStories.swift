import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

@Suite("Sending and reading, as a client meets them")
struct MessageStories {
  @Test func `a repeated send gets the same bytes, another text a conflict`() async throws {
    let (door, path) = try await group()
    let body: JSONValue = ["text": "hi", "client_message_id": "c1"]
    let first = await door.send(.post, path + "/messages", body, as: door.stage.bob)
    #expect(first.status == 201)
    #expect(first["seq"]?.integer == 2)
    #expect(first["sender"]?["id"]?.integer == door.stage.bob.user.rawValue)
    door.stage.clock.advance(by: 86_400_000)
    let again = await door.send(.post, path + "/messages", body, as: door.stage.bob)
    #expect(again.status == 200)
    #expect(again.body == first.body)
    let other = await door.send(
      .post, path + "/messages", ["text": "ho", "client_message_id": "c1"], as: door.stage.bob)
    #expect(other.summary == "409 idempotency_conflict")
    #expect(door.stage.publisher.entries.count == 1)
  }

  @Test func `Idempotency-Key is the client_message_id in a header`() async throws {
    let (door, path) = try await group()
    let key: HeaderFields = ["Idempotency-Key": "c1"]
    let first = await door.send(.post, path + "/messages", ["text": "hi"], as: door.stage.bob, headers: key)
    #expect(first["client_message_id"]?.string == "c1")
    let body: JSONValue = ["text": "hi", "client_message_id": "c1"]
    #expect(await door.send(.post, path + "/messages", body, as: door.stage.bob, headers: key).body == first.body)
    #expect(await door.send(.post, path + "/messages", body, as: door.stage.bob).body == first.body)
  }

  @Test(
    arguments: [
      (["Idempotency-Key": "c2"], "400 invalid_request /client_message_id not_allowed"),
      (["Idempotency-Key": ""], "400 invalid_request /Idempotency-Key too_short"),
      (["Idempotency-Key": "a b"], "400 invalid_request /Idempotency-Key invalid_format"),
      (["Idempotency-Key": "\u{212A}"], "400 invalid_request /Idempotency-Key invalid_format"),
      (["Idempotency-Key": "c1", "idempotency-key": "c1"], "400 invalid_request /Idempotency-Key repeated"),
    ] as [(HeaderFields, String)])
  func `an Idempotency-Key that is not clear is refused`(headers: HeaderFields, summary: String) async throws {
    let (door, path) = try await group()
    let body: JSONValue = ["text": "hi", "client_message_id": "c1"]
    let reply = await door.send(.post, path + "/messages", body, as: door.stage.bob, headers: headers)
    #expect(reply.summary == summary)
  }

  @Test func `history is paged before, after and around`() async throws {
    let (door, path) = try await group()
    for number in 2...11 {
      _ = await door.send(.post, path + "/messages", ["text": .string("m\(number)")], as: door.stage.bob)
    }
    func page(_ query: String) async -> ([Int64], Bool?) {
      let reply = await door.send(.get, path + "/messages?" + query, as: door.stage.ada)
      #expect(reply["head"]?.integer == 11)
      return (reply.each("messages", "seq").compactMap { $0?.integer }, reply["has_more"]?.bool)
    }
    #expect(await page("limit=3") == ([9, 10, 11], true))
    #expect(await page("before=5&limit=50") == ([2, 3, 4], false))
    #expect(await page("before=5&limit=2") == ([3, 4], true))
    #expect(await page("after=9&limit=2") == ([10, 11], false))
    #expect(await page("around=6&limit=3").0 == [5, 6, 7])
    #expect(await page("before=0") == ([], false))
    #expect(await page("after=9007199254740991") == ([], false))
    let both = await door.send(.get, path + "/messages?after=1&around=2&before=3", as: door.stage.ada)
    #expect(both.summary == "400 invalid_request /after not_allowed /around not_allowed")
  }

  @Test func `entries tell everything in order`() async throws {
    let (door, path) = try await group()
    let eve = door.stage.eve.user.rawValue
    _ = await door.send(.post, path + "/messages", ["text": "a\r\nb\u{1F600}"], as: door.stage.bob)
    _ = await door.send(.put, path + "/members/\(eve)", ["role": "admin"], as: door.stage.ada)
    _ = await door.send(.put, path + "/members/\(eve)", ["role": "member"], as: door.stage.ada)
    _ = await door.send(.patch, path, ["title": "Hall"], as: door.stage.ada)
    _ = await door.send(.delete, path + "/members/me", as: door.stage.eve)
    let all = await door.send(.get, path + "/entries", as: door.stage.ada)
    #expect(
      all.each("entries", "t") == [
        "conversation.created", "message.created", "member.joined", "member.changed", "conversation.updated",
        "member.left",
      ])
    #expect(all.each("entries", "seq") == [1, 2, 3, 4, 5, 6])
    #expect(all["has_more"]?.bool == false)
    #expect(all["entries"]?[1]?["d"]?["text"]?.string == "a\r\nb\u{1F600}")
    #expect(all["entries"]?[5]?["d"]?["user"]?.integer == eve)
    let part = await door.send(.get, path + "/entries?after=2&limit=2", as: door.stage.ada)
    #expect(part.each("entries", "seq") == [3, 4])
    #expect(part["has_more"]?.bool == true)
  }

  @Test func `one's own affairs are the log of his self conversation`() async throws {
    let (door, _) = try await group()
    let me = await door.send(.get, "/v1/users/me", as: door.stage.bob)
    let own = "/v1/conversations/\(me.id("self_conversation"))"
    let entries = await door.send(.get, own + "/entries", as: door.stage.bob)
    #expect(entries.each("entries", "t") == ["conversation.created", "conversation.joined"])
    #expect(await door.send(.post, own + "/messages", ["text": "x"], as: door.stage.bob).summary == "403 wrong_kind")
    #expect(await door.send(.get, own + "/entries", as: door.stage.ada).summary == "404 conversation_not_found")
  }

  @Test func `an answer names a message of its conversation`() async throws {
    let (door, path) = try await group()
    let first = await door.send(.post, path + "/messages", ["text": "a"], as: door.stage.bob)
    let answer = await door.send(
      .post, path + "/messages", ["text": "b", "reply_to": .integer(first.id())], as: door.stage.ada)
    #expect(answer["reply_to"]?.integer == first.id())
    let astray = await door.send(.post, path + "/messages", ["text": "b", "reply_to": 77], as: door.stage.ada)
    #expect(astray.summary == "400 invalid_request /reply_to unknown_message")
  }

  @Test func `a database that is away is said, with when to come back`() async throws {
    let (door, path) = try await group()
    let authenticated = try await Door.open()
    door.stage.world.isAway = true
    let reply = await door.send(.post, "/v1/sessions", ["username": "a", "password": "b"])
    #expect(reply.summary == "503 database_unavailable")
    #expect(reply.headers["retry-after"] == "1")
    #expect(reply["retry_after_ms"]?.integer == 1000)
    #expect(await door.send(.get, path, as: door.stage.ada).summary == "503 database_unavailable")
    #expect(await authenticated.send(.get, "/v1/info").status == 200)
  }

  private func group() async throws -> (Door, String) {
    let door = try await Door.open()
    return (door, "/v1/conversations/\(try await door.stage.cast.group().id.rawValue)")
  }
}
