import ChatCore
import JSONText
import TestKit
import Testing

@testable import Realtime

@Suite struct SocketContactTests {
  @Test func `asking, accepting and removing are told to both as they happen`() throws {
    let stage = try SocketStage()
    let (ada, bob) = (try stage.client(stage.ada), try stage.client(stage.bob))
    ask(ada, "contact.request", stage.bob, in: stage)
    #expect(ada.reply("contact.request")?["d"]?["state"]?.string == "requested")
    #expect(bob.frames.last?["t"]?.string == "contact.changed")
    #expect(bob.frames.last?["conv"]?.integer == stage.bob.ownConversation.rawValue)
    #expect(bob.frames.last?["d"]?["state"]?.string == "requesting")
    ask(bob, "contact.accept", stage.ada, in: stage)
    #expect(bob.reply("contact.accept")?["d"]?["state"]?.string == "accepted")
    #expect(ada.frames.last?["d"]?["state"]?.string == "accepted")
    ask(ada, "contact.remove", stage.bob, in: stage)
    #expect(ada.reply("contact.remove")?["d"]?["state"] == .null)
    #expect(bob.frames.last?["d"]?["state"] == .null)
    ask(ada, "contact.accept", stage.bob, in: stage)
    #expect(ada.code("contact.accept") == "contact_not_found")
  }

  @Test func `a block is told to the blocker's devices, and not to the blocked one`() throws {
    let stage = try SocketStage()
    let (ada, bob) = (try stage.client(stage.ada), try stage.client(stage.bob))
    let heard = bob.frames.count
    ask(ada, "block.add", stage.bob, in: stage)
    #expect(ada.reply("block.add")?["d"]?["blocked"] == true)
    #expect(ada.frames.contains { $0["t"]?.string == "block.changed" && $0["d"]?["blocked"] == true })
    ask(bob, "contact.request", stage.ada, in: stage)
    #expect(bob.code("contact.request") == "blocked")
    #expect(bob.frames.count == heard + 1)
    ask(ada, "block.remove", stage.bob, in: stage)
    #expect(ada.reply("block.remove")?["d"]?["blocked"] == false)
    ask(bob, "block.add", stage.bob, in: stage)
    #expect(bob.pointers("block.add") == ["/user"])
  }

  private func ask(_ client: Client, _ operation: String, _ user: User, in stage: SocketStage) {
    client.send(#"{"id":"\#(operation)","op":"\#(operation)","d":{"user":\#(user.id.rawValue)}}"#)
    stage.time.run(for: 20)
  }
}
