import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct ChangePasswordTests {
  @Test func `a new password is good from then on, and the other sessions end everywhere`() async throws {
    let stage = try await Stage.set()
    let name = stage.cast.ada.username
    let phone = try await SignIn(username: name, password: Stage.password).run(in: stage.chat).session.id
    try await ChangePassword(password: Stage.password, newPassword: "another one").run(in: stage.chat, as: stage.ada)
    #expect(stage.publisher.signals == [.signedOut(stage.ada.user, sessions: [phone])])
    #expect(try await stage.world.ended(among: [phone, stage.ada.session]) == [phone])
    await refused(.unauthenticated(.wrongCredentials)) { () throws(ChatError) in
      try await SignIn(username: name, password: Stage.password).run(in: stage.chat)
    }
    _ = try await SignIn(username: name, password: "another one").run(in: stage.chat)
  }

  @Test func `without other sessions nobody is told, since an empty list would say all`() async throws {
    let stage = try await Stage.set()
    try await SetPassword(password: "another one").run(in: stage.chat, as: stage.ada)
    #expect(stage.publisher.signals.isEmpty)
    #expect(try await stage.world.ended(among: [stage.ada.session]) == [])
    _ = try await SignIn(username: stage.cast.ada.username, password: "another one").run(in: stage.chat)
  }

  @Test func `a wrong old password changes nothing, and a new one keeps the rules`() async throws {
    let stage = try await Stage.set()
    await refused(.unauthenticated(.wrongCredentials)) { () throws(ChatError) in
      try await ChangePassword(password: "wrong", newPassword: "another one").run(in: stage.chat, as: stage.ada)
    }
    await faulty(["/new_password too_short"]) { () throws(ChatError) in
      try await ChangePassword(password: Stage.password, newPassword: "short").run(in: stage.chat, as: stage.ada)
    }
    await faulty(["/password too_long"]) { () throws(ChatError) in
      try await SetPassword(password: String(repeating: "x", count: 129)).run(in: stage.chat, as: stage.ada)
    }
    _ = try await SignIn(username: stage.cast.ada.username, password: Stage.password).run(in: stage.chat)
  }
}

@Suite struct DeleteAccountTests {
  @Test func `who deletes his account is gone, and every node is told`() async throws {
    let stage = try await Stage.set()
    try await DeleteAccount(password: Stage.password).run(in: stage.chat, as: stage.bob)
    #expect(stage.publisher.signals == [.accountGone(stage.bob.user)])
    #expect(try await stage.world.ended(among: [stage.bob.session]) == [stage.bob.session])
    await refused(.notFound(.user)) { () throws(ChatError) in
      try await ShowUser(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    }
    await refused(.unauthenticated(.wrongCredentials)) { () throws(ChatError) in
      try await SignIn(username: stage.cast.bob.username, password: Stage.password).run(in: stage.chat)
    }
    await refused(.conflict(.usernameTaken)) { () throws(ChatError) in
      try await Register(username: stage.cast.bob.username, password: "12345678").run(in: stage.chat)
    }
    await refused(.unauthenticated(.sessionEnded)) { () throws(ChatError) in
      try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.bob)
    }
  }

  @Test func `a wrong password deletes nothing`() async throws {
    let stage = try await Stage.set()
    await refused(.unauthenticated(.wrongCredentials)) { () throws(ChatError) in
      try await DeleteAccount(password: "wrong").run(in: stage.chat, as: stage.bob)
    }
    #expect(try await ShowMe().run(in: stage.chat, as: stage.bob) == stage.cast.bob)
    #expect(stage.publisher.signals.isEmpty)
  }
}

@Suite struct ListUsersTests {
  @Test func `all users are listed page by page, ascending by name, without those who are gone`() async throws {
    let stage = try await Stage.set()
    _ = try await Register(username: "Zoe", password: "12345678").run(in: stage.chat)
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.bob)
    let first = try await ListUsers(limit: 2).run(in: stage.chat, as: stage.ada)
    #expect(first.items == [stage.cast.ada, stage.cast.eve])
    let second = try await ListUsers(after: first.next, limit: 2).run(in: stage.chat, as: stage.ada)
    #expect(second.items.map(\.username) == ["Zoe"])
    #expect(second.next == nil)
    await faulty(["/limit out_of_range"]) { () throws(ChatError) in
      try await ListUsers(limit: 101).run(in: stage.chat, as: stage.ada)
    }
  }
}

@Suite struct ProfileRulesTests {
  @Test(arguments: [
    (["Fname": "x"], ["/attributes not_allowed"]), (["": "x"], ["/attributes not_allowed"]),
    ([String(repeating: "a", count: 33): "x"], ["/attributes not_allowed"]),
    (["status": String(repeating: "x", count: 513)], ["/attributes/status too_long"]),
    (["status": "a\u{0}b"], ["/attributes/status not_allowed"]),
    ([String(repeating: "a", count: 32): String(repeating: "x", count: 512)], []),
    (["public_key": "-----BEGIN\nKEY"], []),
  ])
  func `attributes have short plain names and bounded values`(given: [String: String], faults: [String]) async throws {
    let stage = try await Stage.set()
    let command = UpdateProfile(ProfileChange(attributes: given))
    guard !faults.isEmpty else {
      #expect(try await command.run(in: stage.chat, as: stage.ada).attributes == given)
      return
    }
    await faulty(faults) { () throws(ChatError) in try await command.run(in: stage.chat, as: stage.ada) }
  }

  @Test(arguments: [
    ("/static/a.png", nil), ("https://example.org/a?b=c:d", nil), ("a/b:c", nil), ("HTTP://example.org", nil),
    ("javascript:alert(1)", "invalid_format"), ("data:text/html,x", "invalid_format"), ("a b", "not_allowed"),
    ("", "too_short"), (String(repeating: "a", count: 255), nil), (String(repeating: "a", count: 256), "too_long"),
  ])
  func `a picture is a path or an address of the web`(url: String, fault: String?) async throws {
    let stage = try await Stage.set()
    let command = UpdateProfile(ProfileChange(avatarURL: .some(url)))
    guard let fault else {
      #expect(try await command.run(in: stage.chat, as: stage.ada).avatarURL == url)
      return
    }
    await faulty(["/avatar_url \(fault)"]) { () throws(ChatError) in
      try await command.run(in: stage.chat, as: stage.ada)
    }
  }
}

@Suite struct LobbyTests {
  @Test func `whoever enters the lobby is a member of it once, and told with everybody`() async throws {
    let stage = try await Stage.set()
    try await JoinLobby().run(in: stage.chat, as: stage.eve)
    let lobby = try await ShowConversation(conversation: Lobby.id).run(in: stage.chat, as: stage.eve)
    #expect(lobby.members.map(\.user) == [stage.eve.user, Lobby.host.id])
    let told = stage.publisher.entries.count
    #expect(told == 2)
    try await JoinLobby().run(in: stage.chat, as: stage.eve)
    #expect(stage.publisher.entries.count == told)
    let sent = try await SendMessage(conversation: Lobby.id, text: "hi").run(in: stage.chat, as: stage.eve)
    #expect(sent.message.seq == 3)
  }

  @Test func `nobody owns the lobby but its host, who has no account`() async throws {
    let stage = try await Stage.set()
    try await JoinLobby().run(in: stage.chat, as: stage.ada)
    await refused(.forbidden(.roleTooLow)) { () throws(ChatError) in
      try await DeleteConversation(conversation: Lobby.id).run(in: stage.chat, as: stage.ada)
    }
    await refused(.notFound(.user)) { () throws(ChatError) in
      try await ShowUser(user: Lobby.host.id).run(in: stage.chat, as: stage.ada)
    }
  }
}
