import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

@Suite("Contacts and blocks, as a client meets them")
struct ContactStories {
  @Test func `two ask each other and are contacts, until one ends it`() async throws {
    let door = try await Door.open()
    let (ada, bob) = (door.stage.ada, door.stage.bob)
    let asked = await door.send(.put, path("contacts", bob), as: ada)
    #expect(asked.status == 200)
    #expect(asked["state"]?.string == "requested")
    #expect(asked["username"]?.string == door.stage.cast.bob.username)
    #expect(await door.send(.get, path("contacts", ada), as: bob)["state"]?.string == "requesting")
    #expect(await door.send(.put, path("contacts", ada), [:], as: bob)["state"]?.string == "accepted")
    let list = await door.send(.get, "/v1/contacts?state=accepted", as: ada)
    #expect(list.each("contacts", "user").map { $0?.integer } == [bob.user.rawValue])
    #expect(list["next_cursor"] == .null)
    #expect(await door.send(.get, "/v1/contacts?state=requested", as: ada)["contacts"]?.array == [])
    #expect(await door.send(.delete, path("contacts", ada), as: bob).status == 204)
    #expect(await door.send(.delete, path("contacts", ada), as: bob).summary == "404 contact_not_found")
    #expect(await door.send(.get, "/v1/contacts", as: ada)["contacts"]?.array == [])
  }

  @Test func `lists are paged`() async throws {
    let door = try await Door.open()
    let stage = door.stage
    for other in [stage.bob, stage.eve] { _ = await door.send(.put, path("contacts", other), as: stage.ada) }
    for other in [stage.bob, stage.eve] { _ = await door.send(.put, path("blocks", other), as: stage.ada) }
    for plural in ["contacts", "blocks"] {
      let first = await door.send(.get, "/v1/\(plural)?limit=1", as: stage.ada)
      let cursor = try #require(first["next_cursor"]?.string)
      let second = await door.send(.get, "/v1/\(plural)?limit=1&cursor=\(cursor)", as: stage.ada)
      let users = (first.each(plural, "user") + second.each(plural, "user")).compactMap { $0?.integer }
      #expect(users == [stage.bob.user.rawValue, stage.eve.user.rawValue].sorted())
      #expect(second["next_cursor"] == .null)
    }
  }

  @Test func `a block is effective at once, in the conversation there is and for a new one`() async throws {
    let door = try await Door.open()
    let (ada, bob) = (door.stage.ada, door.stage.bob)
    let messages = "/v1/conversations/\(try await door.stage.cast.direct().id.rawValue)/messages"
    #expect(await door.send(.post, messages, ["text": "hi"], as: bob).status == 201)
    let blocked = await door.send(.put, path("blocks", bob), as: ada)
    #expect(blocked.status == 200)
    #expect(blocked["blocked"] == true)
    #expect(await door.send(.post, messages, ["text": "hi"], as: bob).summary == "403 blocked")
    #expect(await door.send(.post, messages, ["text": "hi"], as: ada).summary == "403 blocked")
    #expect(await door.send(.put, path("contacts", ada), as: bob).summary == "403 blocked")
    _ = await door.send(.put, path("blocks", door.stage.eve), as: ada)
    let opened = await door.send(
      .post, "/v1/conversations", ["kind": "direct", "user": .integer(ada.user.rawValue)], as: door.stage.eve)
    #expect(opened.summary == "403 blocked")
    #expect(await door.send(.delete, path("blocks", bob), as: ada).status == 204)
    #expect(await door.send(.delete, path("blocks", bob), as: ada).status == 204)
    #expect(await door.send(.post, messages, ["text": "hi"], as: bob).status == 201)
    #expect(await door.send(.put, path("blocks", ada), as: ada).summary == "400 invalid_request /user not_allowed")
    #expect(await door.send(.put, "/v1/blocks/4095", as: ada).summary == "404 user_not_found")
  }

  @Test func `his own log tells a user what changed, and the blocked one nothing`() async throws {
    let door = try await Door.open()
    let (ada, bob) = (door.stage.ada, door.stage.bob)
    _ = await door.send(.put, path("contacts", bob), as: ada)
    _ = await door.send(.put, path("blocks", bob), as: ada)
    let own = await door.send(
      .get, "/v1/conversations/\(door.stage.cast.ada.ownConversation.rawValue)/entries?after=1", as: ada)
    #expect(own.each("entries", "t").map { $0?.string } == ["contact.changed", "block.changed", "contact.changed"])
    let block = try #require(own.each("entries", "d").dropFirst().first ?? nil)
    #expect(block["user"]?.integer == bob.user.rawValue)
    #expect(block["blocked"] == true)
    let his = await door.send(
      .get, "/v1/conversations/\(door.stage.cast.bob.ownConversation.rawValue)/entries?after=1", as: bob)
    #expect(his.each("entries", "t").map { $0?.string } == ["contact.changed"])
  }

  private func path(_ plural: String, _ user: Caller) -> String { "/v1/\(plural)/\(user.user.rawValue)" }
}
