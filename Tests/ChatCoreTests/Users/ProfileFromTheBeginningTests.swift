import ChatCore
import TestKit
import Testing

@Suite struct ProfileFromTheBeginningTests {
  @Test func `who registers with a picture shows it, and a wrong one makes no account`() async throws {
    let stage = try await Stage.set()
    await faulty(["/avatar_url invalid_format"]) { () throws(ChatError) in
      try await Register(username: "Zoe", password: "12345678", avatarURL: "javascript:x").run(in: stage.chat)
    }
    let zoe = try await Register(
      username: "Zoe", password: "12345678", avatarURL: "/zoe.png", attributes: ["fname": "Zoe"]
    ).run(in: stage.chat)
    #expect(zoe.avatarURL == "/zoe.png")
    #expect(try await ShowUserToAnyone(user: zoe.id).run(in: stage.chat) == zoe)
    #expect(zoe.attributes == ["fname": "Zoe"])
  }
}
