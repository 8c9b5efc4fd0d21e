import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

@Suite("Conversations and members, as a client meets them")
struct ConversationStories {
  @Test func `two people have one direct conversation, whoever opens it`() async throws {
    let door = try await Door.open()
    let stage = door.stage
    let opened = await open(door, ["kind": "direct", "user": .integer(stage.bob.user.rawValue)], as: stage.ada)
    #expect(opened.status == 201)
    #expect(opened["title"] == .null)
    #expect(opened["member_count"]?.integer == 2)
    let again = await open(door, ["kind": "direct", "user": .integer(stage.ada.user.rawValue)], as: stage.bob)
    #expect(again.status == 200)
    #expect(again.json == opened.json)
    let own = await open(door, ["kind": "direct", "user": .integer(stage.ada.user.rawValue)], as: stage.ada)
    #expect(own.summary == "400 invalid_request /user not_allowed")
    let nobody = await open(door, ["kind": "direct", "user": 4095], as: stage.ada)
    #expect(nobody.summary == "400 invalid_request /user unknown_user")
  }

  @Test func `a group has its owner and those who are named`() async throws {
    let door = try await Door.open()
    let stage = door.stage
    let group = await open(
      door, ["kind": "group", "title": "Tea", "members": [.integer(stage.bob.user.rawValue)]], as: stage.ada)
    #expect(group.status == 201)
    #expect(group["head"]?.integer == 1)
    #expect(Set(group.each("members", "role").compactMap { $0?.string }) == ["owner", "member"])
    let shown = await door.send(.get, "/v1/conversations/\(group.id())", as: stage.bob)
    #expect(shown.json == group.json)
    #expect(await door.send(.get, "/v1/conversations/\(group.id())", as: stage.eve).status == 404)
    let unknown = await open(door, ["kind": "group", "title": "Tea", "members": [4095]], as: stage.ada)
    #expect(unknown.summary == "400 invalid_request /members/0 unknown_user")
  }

  @Test func `anyone signed in reads and joins a public conversation`() async throws {
    let door = try await Door.open()
    let stage = door.stage
    let square = await open(door, ["kind": "public", "title": "Square"], as: stage.ada)
    let path = "/v1/conversations/\(square.id())"
    #expect(await door.send(.get, path, as: stage.eve).status == 200)
    #expect(await door.send(.post, path + "/messages", ["text": "hi"], as: stage.eve).summary == "403 not_a_member")
    let joined = await door.send(.put, path + "/members/me", as: stage.eve)
    #expect(joined.status == 200)
    #expect(joined["role"]?.string == "member")
    #expect(await door.send(.put, path + "/members/me", [:], as: stage.eve).json == joined.json)
    #expect(await door.send(.post, path + "/messages", ["text": "hi"], as: stage.eve).status == 201)
    #expect(await door.send(.delete, path + "/members/me", as: stage.eve).status == 204)
    #expect(await door.send(.delete, path + "/members/me", as: stage.eve).summary == "404 member_not_found")
  }

  @Test func `roles are given, ownership is passed, the last owner stays`() async throws {
    let door = try await Door.open()
    let stage = door.stage
    let path = "/v1/conversations/\(try await stage.cast.group().id.rawValue)"
    let bob = path + "/members/\(stage.bob.user.rawValue)"
    #expect(await door.send(.put, bob, ["role": "admin"], as: stage.bob).summary == "403 role_too_low")
    #expect(await door.send(.put, bob, ["role": "admin"], as: stage.ada)["role"]?.string == "admin")
    #expect(await door.send(.patch, path, ["title": "Hall"], as: stage.bob)["title"]?.string == "Hall")
    #expect(await door.send(.delete, path + "/members/me", as: stage.ada).summary == "403 last_owner")
    #expect(await door.send(.put, bob, ["role": "owner"], as: stage.ada)["role"]?.string == "owner")
    #expect(await door.send(.delete, path, as: stage.ada).summary == "403 role_too_low")
    #expect(await door.send(.delete, path + "/members/me", as: stage.ada).status == 204)
    #expect(await door.send(.delete, path, as: stage.bob).status == 204)
    #expect(await door.send(.get, path, as: stage.bob).summary == "404 conversation_not_found")
  }

  @Test func `members are paged, and a full group takes nobody`() async throws {
    var limits = Limits()
    limits.groupMembersMax = 3
    let door = try await Door.open(limits: limits)
    let stage = door.stage
    let path = "/v1/conversations/\(try await stage.cast.group().id.rawValue)/members"
    #expect(await door.send(.put, path + "/\(stage.eve.user.rawValue)", as: stage.ada).status == 200)
    let extra = try await stage.cast.extra("fay").id.rawValue
    #expect(await door.send(.put, path + "/\(extra)", as: stage.ada).summary == "409 conversation_full")
    #expect(await door.send(.put, path + "/4095", as: stage.ada).summary == "404 user_not_found")
    let first = await door.send(.get, path + "?limit=2", as: stage.bob)
    let cursor = try #require(first["next_cursor"]?.string)
    let second = await door.send(.get, path + "?limit=2&cursor=\(cursor)", as: stage.bob)
    let users = (first.each("members", "user") + second.each("members", "user")).compactMap { $0?.integer }
    #expect(users == [stage.ada, stage.bob, stage.eve].map(\.user.rawValue).sorted())
    #expect(second["next_cursor"] == .null)
  }

  @Test func `the list of conversations is paged to its end`() async throws {
    let door = try await Door.open()
    var made: Set<Int64> = []
    for _ in 0..<5 { made.insert(try await door.stage.cast.group().id.rawValue) }
    made.insert(try await door.stage.cast.direct().id.rawValue)
    var found: [Int64] = []
    var target = "/v1/conversations?limit=2"
    for _ in 0..<9 {
      let page = await door.send(.get, target, as: door.stage.bob)
      found += page.each("conversations", "id").compactMap { $0?.integer }
      guard let cursor = page["next_cursor"]?.string else { break }
      target = "/v1/conversations?limit=2&cursor=\(cursor)"
    }
    #expect(found == made.sorted())
  }

  private func open(_ door: Door, _ body: JSONValue, as caller: Caller) async -> Reply {
    await door.send(.post, "/v1/conversations", body, as: caller)
  }
}
