import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct SignInTests {
  @Test func `who knows the password gets a session and both tokens`() async throws {
    let stage = try await Stage.set()
    let signedIn = try await SignIn(username: stage.cast.ada.username, password: Stage.password, device: "phone")
      .run(in: stage.chat)
    #expect(signedIn.user == stage.cast.ada)
    #expect(signedIn.session.device == "phone")
    #expect(signedIn.access == stage.credentials.accessToken(for: signedIn.session))
    let listed = try await ListSessions().run(in: stage.chat, as: stage.ada)
    #expect(listed.map(\.id) == [signedIn.session.id, stage.ada.session])
  }

  @Test func `who signs up is signed in, without a second look at the password`() async throws {
    let stage = try await Stage.set()
    let account = Register(username: "Zoe", password: "12345678")
    let signedIn = try await SignUp(account, device: "phone").run(in: stage.chat)
    let zoe = Caller(user: signedIn.user.id, session: signedIn.session.id)
    #expect(try await ListSessions().run(in: stage.chat, as: zoe).map(\.device) == ["phone"])
    #expect(stage.credentials.verified == 0)
    await refused(.conflict(.usernameTaken)) { () throws(ChatError) in
      try await SignUp(account).run(in: stage.chat)
    }
  }

  @Test(arguments: ["nobody", "ada", "with\u{0}nul", "\u{202E}x"])
  func `an unknown name and a wrong password get one answer, after one verification`(name: String) async throws {
    let stage = try await Stage.set()
    let username = name == "ada" ? stage.cast.ada.username : name
    await refused(.unauthenticated(.wrongCredentials)) { () throws(ChatError) in
      try await SignIn(username: username, password: "wrong horse").run(in: stage.chat)
    }
    #expect(stage.credentials.verified == 1)
  }

  @Test func `megabytes are refused before they are hashed`() async throws {
    let stage = try await Stage.set()
    let long = String(repeating: "x", count: 129)
    await faulty(["/username too_long", "/password too_long"]) { () throws(ChatError) in
      try await SignIn(username: long, password: long).run(in: stage.chat)
    }
    await faulty(["/username too_short", "/password too_short"]) { () throws(ChatError) in
      try await SignIn(username: "", password: "").run(in: stage.chat)
    }
    #expect(stage.credentials.verified == 0)
  }

  @Test func `a hash with older parameters is renewed`() async throws {
    let stage = try await Stage.set()
    try await stage.world.setPasswordHash("old:" + Stage.password, of: stage.ada.user)
    _ = try await SignIn(username: stage.cast.ada.username, password: Stage.password).run(in: stage.chat)
    let stored = try await stage.world.credentials(ofUsernameKey: Username.key(of: stage.cast.ada.username))
    #expect(stored?.passwordHash == "plain:" + Stage.password)
  }

  @Test func `a wrong password renews nothing`() async throws {
    let stage = try await Stage.set()
    try await stage.world.setPasswordHash("old:" + Stage.password, of: stage.ada.user)
    await refused(.unauthenticated(.wrongCredentials)) { () throws(ChatError) in
      try await SignIn(username: stage.cast.ada.username, password: "x").run(in: stage.chat)
    }
    let stored = try await stage.world.credentials(ofUsernameKey: Username.key(of: stage.cast.ada.username))
    #expect(stored?.passwordHash == "old:" + Stage.password)
  }

  @Test func `past the most sessions the oldest ends`() async throws {
    var limits = Limits()
    limits.sessionsPerUserMax = 2
    let stage = try await Stage.set(limits: limits)
    let signIn = SignIn(username: stage.cast.ada.username, password: Stage.password)
    let second = try await signIn.run(in: stage.chat).session.id
    #expect(try await ListSessions().run(in: stage.chat, as: stage.ada).map(\.id) == [second, stage.ada.session])
    let third = try await signIn.run(in: stage.chat).session.id
    #expect(try await ListSessions().run(in: stage.chat, as: stage.ada).map(\.id) == [third, second])
  }
}
