import ChatCore
import TestKit
import Testing

@Suite struct ProfileFromTheBeginningTests {
  @Test func `what one registers with is shown to anyone`() async throws {
    let stage = try await Stage.set()
    let zoe = try await Register(
      username: "Zoe", password: "12345678", avatarURL: "/zoe.png", attributes: ["fname": "Zoe"]
    ).run(in: stage.chat)
    #expect(zoe.attributes == ["fname": "Zoe"])
    #expect(try await ShowUserToAnyone(user: zoe.id).run(in: stage.chat) == zoe)
  }
}
