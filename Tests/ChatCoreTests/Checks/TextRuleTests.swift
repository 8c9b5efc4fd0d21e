import ChatCore
import TestKit
import Testing

/// Each limit at the limit and one past it, through the commands that hold it.
@Suite struct TextRuleTests {
  @Test func `a title has 1 to 256 bytes`() async throws {
    let stage = try await Stage.set()
    _ = try await CreateConversation(kind: .group, title: of(256)).run(in: stage.chat, as: stage.ada)
    for (title, code) in [(of(257), "too_long"), ("", "too_short")] {
      await faulty(["/title \(code)"]) { () throws(ChatError) in
        try await CreateConversation(kind: .group, title: title).run(in: stage.chat, as: stage.ada)
      }
    }
  }

  @Test(arguments: [
    "a\nb", "a\u{0}", "a\u{7F}", "a\u{85}b", "\u{202E}abc", "a\u{2066}b", "a\u{200B}", "a\u{FEFF}b", "a\u{2028}b", " a",
    "a ", " ", "\u{200D}", "\u{3164}", "Z" + String(repeating: "\u{301}", count: 7),
  ])
  func `a title holds nothing that hides, turns or towers`(title: String) async throws {
    let stage = try await Stage.set()
    await faulty(["/title not_allowed"]) { () throws(ChatError) in
      try await CreateConversation(kind: .group, title: title).run(in: stage.chat, as: stage.ada)
    }
  }

  @Test(arguments: [
    "Gr\u{FC}\u{DF}e", "e\u{301}", "\u{1F469}\u{200D}\u{1F680}", "\u{646}\u{645}\u{6CC}\u{200C}\u{62E}",
    "Z\u{301}\u{302}",
    "Z" + String(repeating: "\u{301}", count: 6), "5 < 6 & \"so\"",
  ])
  func `a title may be of any script, with emoji and joiners`(title: String) async throws {
    let stage = try await Stage.set()
    let made = try await CreateConversation(kind: .group, title: title).run(in: stage.chat, as: stage.ada)
    #expect(made.title == title)
  }

  @Test(arguments: ["ada@example.org", "a@b", "\u{E4}@\u{F6}.de", "a+b.c@x-y.z"])
  func `an address looks like one`(email: String) async throws {
    let stage = try await Stage.set()
    let me = try await UpdateProfile(email: .some(email)).run(in: stage.chat, as: stage.ada)
    #expect(me.email == email)
  }

  @Test(arguments: ["ada", "@example.org", "ada@", "a@b@c", "a b@c", "a@b\n", "a\u{200B}@b"])
  func `what is no address is refused`(email: String) async throws {
    let stage = try await Stage.set()
    await faulty(["/email invalid_format"]) { () throws(ChatError) in
      try await UpdateProfile(email: .some(email)).run(in: stage.chat, as: stage.ada)
    }
  }

  @Test func `an address has at most 254 bytes, a display name 256, a device 128`() async throws {
    let stage = try await Stage.set()
    let profile = UpdateProfile(displayName: of(256), email: .some("a@" + of(252)))
    _ = try await profile.run(in: stage.chat, as: stage.ada)
    await faulty(["/display_name too_long", "/email too_long"]) { () throws(ChatError) in
      try await UpdateProfile(displayName: of(257), email: .some("a@" + of(253))).run(in: stage.chat, as: stage.ada)
    }
    _ = try await SignIn(username: stage.cast.ada.username, password: Stage.password, device: of(128))
      .run(in: stage.chat)
    await faulty(["/device too_long"]) { () throws(ChatError) in
      try await SignIn(username: stage.cast.ada.username, password: Stage.password, device: of(129))
        .run(in: stage.chat)
    }
  }

  private func of(_ bytes: Int) -> String { String(repeating: "a", count: bytes) }
}
