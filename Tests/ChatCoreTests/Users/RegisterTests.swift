import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct RegisterTests {
  @Test(arguments: ["martlet", "Martlet", "MARTLET"])
  func `nobody is called as the host of the lobby`(name: String) async throws {
    let stage = try await Stage.set()
    await refused(.conflict(.usernameTaken)) { () throws(ChatError) in
      try await Register(username: name, password: "12345678").run(in: stage.chat)
    }
  }

  @Test func `who registers can sign in, and is shown by his user name until he says another`() async throws {
    let stage = try await Stage.set()
    let zoe = try await Register(username: "Zoe", password: "12345678", email: "zoe@example.org").run(in: stage.chat)
    #expect(zoe.displayName == "Zoe")
    #expect(zoe.email == "zoe@example.org")
    #expect(zoe.createdAt == stage.clock.now)
    let signedIn = try await SignIn(username: "zOE", password: "12345678").run(in: stage.chat)
    #expect(signedIn.user == zoe)
  }

  @Test func `nobody takes a name that looks like another, and who has one from before signs in`() async throws {
    let stage = try await Stage.set()
    let name = "\u{430}da"
    await faulty(["/username not_allowed"]) { () throws(ChatError) in
      try await Register(username: name, password: "12345678").run(in: stage.chat)
    }
    let old = try await stage.world.register(
      NewUser(username: Username(stored: name), displayName: name, email: nil, passwordHash: "plain:12345678"))
    #expect(try await SignIn(username: name, password: "12345678").run(in: stage.chat).user.id == old.id)
    #expect(try await FindUser(username: name).run(in: stage.chat, as: stage.ada)?.id == old.id)
  }

  @Test func `a picture comes with the registration, and must be an address of the web`() async throws {
    let stage = try await Stage.set()
    let zoe = try await Register(username: "Zoe", password: "12345678", avatarURL: "https://example.org/z.png")
      .run(in: stage.chat)
    #expect(try await stage.chat.users.user(zoe.id)?.avatarURL == "https://example.org/z.png")
    await faulty(["/avatar_url invalid_format"]) { () throws(ChatError) in
      try await Register(username: "Zoya", password: "12345678", avatarURL: "javascript:x").run(in: stage.chat)
    }
  }

  @Test func `a case twin is told that the name is taken`() async throws {
    let stage = try await Stage.set()
    _ = try await Register(username: "Zoe", password: "12345678").run(in: stage.chat)
    await refused(.conflict(.usernameTaken)) { () throws(ChatError) in
      try await Register(username: "zoE", password: "12345678").run(in: stage.chat)
    }
  }

  @Test func `every wrong member is named in one answer`() async throws {
    let stage = try await Stage.set()
    let wrong = ["/username not_allowed", "/password too_short", "/display_name too_short", "/email invalid_format"]
    await faulty(wrong) { () throws(ChatError) in
      try await Register(username: "12", password: "short", displayName: "", email: "nowhere").run(in: stage.chat)
    }
  }

  @Test(arguments: [(7, "too_short"), (8, nil), (128, nil), (129, "too_long")])
  func `a password has 8 to 128 bytes`(length: Int, code: String?) async throws {
    let stage = try await Stage.set()
    let register = Register(username: "Zoe", password: String(repeating: "x", count: length))
    if let code {
      await faulty(["/password \(code)"]) { () throws(ChatError) in try await register.run(in: stage.chat) }
    } else {
      _ = try await register.run(in: stage.chat)
    }
  }

  @Test func `a password with NUL is refused, for a hash might end there`() async throws {
    let stage = try await Stage.set()
    await faulty(["/password not_allowed"]) { () throws(ChatError) in
      try await Register(username: "Zoe", password: "12345678\u{0}9").run(in: stage.chat)
    }
  }

  @Test func `with the database away it is said when to come back`() async throws {
    let stage = try await Stage.set()
    stage.world.isAway = true
    await refused(.unavailable(.database, retryAfter: 1000)) { () throws(ChatError) in
      try await Register(username: "Zoe", password: "12345678").run(in: stage.chat)
    }
  }
}
