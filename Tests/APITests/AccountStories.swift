import API
import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

@Suite("Accounts and sign-in sessions, as a client meets them")
struct AccountStories {
  @Test func `one registers, signs in and sees himself`() async throws {
    let door = try await Door.open()
    let made = await door.send(
      .post, "/v1/users", ["username": "Dora", "password": "long enough", "email": "dora@example.org"])
    #expect(made.status == 201)
    #expect(made["display_name"]?.string == "Dora")
    #expect(made["email"] == nil)
    let signedIn = await door.send(
      .post, "/v1/sessions", ["username": "dORA", "password": "long enough", "device": "phone"])
    #expect(signedIn.status == 201)
    #expect(signedIn["token_type"]?.string == "Bearer")
    #expect(signedIn["expires_in"]?.integer == 900)
    let bearer: HeaderFields = ["Authorization": "Bearer " + (signedIn["access_token"]?.string ?? "")]
    let me = await door.send(.get, "/v1/users/me", headers: bearer)
    #expect(me.status == 200)
    #expect(me.json == signedIn["user"])
    #expect(me["email"]?.string == "dora@example.org")
    #expect(me.record?.user == made.id())
  }

  @Test func `a taken name is a conflict, in any case`() async throws {
    let door = try await Door.open()
    let name = door.stage.cast.ada.username.uppercased()
    let reply = await door.send(.post, "/v1/users", ["username": .string(name), "password": "long enough"])
    #expect(reply.summary == "409 username_taken")
  }

  @Test func `a wrong password and an unknown name get one answer`() async throws {
    let door = try await Door.open()
    let wrong = await door.send(.post, "/v1/sessions", ["username": ada(door), "password": "wrong"])
    let unknown = await door.send(.post, "/v1/sessions", ["username": "nobody", "password": "wrong"])
    for reply in [wrong, unknown] {
      #expect(reply.summary == "401 wrong_credentials")
      #expect(reply.headers["www-authenticate"] == "Bearer realm=\"martlet\"")
    }
    #expect(wrong["detail"] == unknown["detail"])
  }

  @Test func `a refresh gives new tokens, and an old token ends the session`() async throws {
    let door = try await Door.open()
    let first = await signIn(door)
    let refreshed = await refresh(door, first)
    #expect(refreshed.status == 201)
    #expect(refreshed["user"] == first["user"])
    #expect(await refresh(door, first)["refresh_token"] == refreshed["refresh_token"])
    door.stage.clock.advance(by: 31_000)
    #expect(await refresh(door, first).summary == "401 refresh_reused")
    #expect(await refresh(door, refreshed).summary == "401 session_ended")
    #expect(
      await door.send(.get, "/v1/users/me", headers: bearer(refreshed)).summary == "401 session_ended")
    let nonsense = await door.send(.post, "/v1/sessions/refresh", ["refresh_token": "nonsense"])
    #expect(nonsense.summary == "401 invalid_token")
    #expect(nonsense.headers["www-authenticate"] == "Bearer realm=\"martlet\"")
  }

  @Test func `sessions are listed, one or all are ended`() async throws {
    let door = try await Door.open()
    let phone = await signIn(door, device: "phone")
    let tablet = await signIn(door, device: "tablet")
    let listed = await door.send(.get, "/v1/sessions", headers: bearer(tablet))
    #expect(listed.each("sessions", "device") == ["tablet", "phone", .null])
    #expect(listed.each("sessions", "current") == [true, false, false])
    #expect(listed["next_cursor"] == .null)
    let id = listed.each("sessions", "id")[1]?.integer ?? 0
    #expect(await door.send(.delete, "/v1/sessions/\(id)", headers: bearer(tablet)).status == 204)
    #expect(await door.send(.delete, "/v1/sessions/\(id)", headers: bearer(tablet)).summary == "404 session_not_found")
    #expect(await door.send(.get, "/v1/users/me", headers: bearer(phone)).status == 401)
    #expect(await door.send(.delete, "/v1/sessions/me", headers: bearer(tablet)).status == 204)
    #expect(await door.send(.get, "/v1/sessions", as: door.stage.ada).each("sessions", "device") == [.null])
    #expect(await door.send(.delete, "/v1/sessions", as: door.stage.ada).status == 204)
    #expect(await door.send(.get, "/v1/sessions", as: door.stage.ada).summary == "401 session_ended")
  }

  @Test func `nobody ends the session of another`() async throws {
    let door = try await Door.open()
    let session = door.stage.bob.session.rawValue
    #expect(await door.send(.delete, "/v1/sessions/\(session)", as: door.stage.ada).summary == "404 session_not_found")
    #expect(await door.send(.get, "/v1/users/me", as: door.stage.bob).status == 200)
  }

  @Test func `a profile changes in what is given only`() async throws {
    let door = try await Door.open()
    let me = door.stage.ada
    let changed = await door.send(
      .patch, "/v1/users/me", ["display_name": "Countess", "email": "ada@example.org"], as: me)
    #expect(changed["display_name"]?.string == "Countess")
    #expect(changed["email"]?.string == "ada@example.org")
    #expect(await door.send(.patch, "/v1/users/me", [:], as: me).json == changed.json)
    let cleared = await door.send(.patch, "/v1/users/me", ["email": nil], as: me)
    #expect(cleared["email"] == .null)
    #expect(cleared["display_name"]?.string == "Countess")
  }

  @Test func `others are seen without their address`() async throws {
    let door = try await Door.open()
    let bob = door.stage.cast.bob
    _ = await door.send(.patch, "/v1/users/me", ["email": "bob@example.org"], as: door.stage.bob)
    let seen = await door.send(.get, "/v1/users/\(bob.id.rawValue)", as: door.stage.ada)
    #expect(seen["username"]?.string == bob.username)
    #expect(seen.json.object?.names == ["id", "username", "display_name", "created_at", "avatar_url"])
    #expect(await door.send(.get, "/v1/users/4095", as: door.stage.ada).summary == "404 user_not_found")
  }

  @Test func `a search is paged to its end`() async throws {
    let door = try await Door.open()
    for name in ["zoe-b", "ZOE-a", "zoe-c", "zo"] { _ = try await door.stage.cast.stores.users.register(new(name)) }
    var found: [JSONValue?] = []
    var target = "/v1/users?query=Zoe&limit=2"
    for _ in 0..<5 {
      let page = await door.send(.get, target, as: door.stage.ada)
      found += page.each("users", "username")
      guard let cursor = page["next_cursor"]?.string else { break }
      target = "/v1/users?query=Zoe&limit=2&cursor=\(cursor)"
    }
    #expect(found == ["ZOE-a", "zoe-b", "zoe-c"])
  }

  /// A key may be three times as long as its name; its cursor did not fit the parameter that takes it.
  @Test func `the cursor of the longest name is taken back`() async throws {
    let door = try await Door.open()
    let name = String(repeating: "\u{390}", count: 32)
    for mark in ["", "a"] { _ = try await door.stage.cast.stores.users.register(new(name.dropLast(1) + mark + "x")) }
    let query = PercentCoding.encode(String(name.prefix(4)))
    let page = await door.send(.get, "/v1/users?query=\(query)&limit=1", as: door.stage.ada)
    let cursor = try #require(page["next_cursor"]?.string)
    #expect(cursor.utf8.count > 256)
    let rest = await door.send(.get, "/v1/users?query=\(query)&limit=1&cursor=\(cursor)", as: door.stage.ada)
    #expect(rest.each("users", "id").count == 1)
    #expect(rest["next_cursor"] == .null)
  }

  // MARK: Steps

  private func new(_ name: some StringProtocol) -> NewUser {
    NewUser(username: Username(stored: String(name)), displayName: "Z", email: nil, passwordHash: "")
  }

  private func ada(_ door: Door) -> JSONValue { .string(door.stage.cast.ada.username) }

  private func bearer(_ tokens: Reply) -> HeaderFields {
    ["Authorization": "Bearer " + (tokens["access_token"]?.string ?? "")]
  }

  private func signIn(_ door: Door, device: String = "desk") async -> Reply {
    await door.send(
      .post, "/v1/sessions", ["username": ada(door), "password": .string(Stage.password), "device": .string(device)])
  }

  private func refresh(_ door: Door, _ tokens: Reply) async -> Reply {
    await door.send(.post, "/v1/sessions/refresh", ["refresh_token": tokens["refresh_token"] ?? .null])
  }
}
