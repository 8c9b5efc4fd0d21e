import ChatCore
import TestKit
import Testing

@Suite struct RegisterWithProfileTests {
  @Test func `who registers with a picture shows it, and a wrong one makes no account`() async throws {
    let stage = try await Stage.set()
    let account = Register(username: "Zoe", password: "12345678")
    await faulty(["/avatar_url invalid_format"]) { () throws(ChatError) in
      try await RegisterWithProfile(account, ProfileChange(avatarURL: "javascript:x")).run(in: stage.chat)
    }
    let change = ProfileChange(avatarURL: "/zoe.png", attributes: ["fname": "Zoe"])
    let zoe = try await RegisterWithProfile(account, change).run(in: stage.chat)
    #expect(zoe.avatarURL == "/zoe.png")
    #expect(try await ShowUserToAnyone(user: zoe.id).run(in: stage.chat) == zoe)
    #expect(zoe.attributes == ["fname": "Zoe"])
  }
}
