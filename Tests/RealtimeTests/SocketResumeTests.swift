import ChatCore
import Delivery
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Realtime

@Suite struct SocketResumeTests {
  private func say(_ count: Int, in room: ConversationID, _ stage: SocketStage) {
    let (chat, caller) = (stage.chat, Caller(user: stage.ada.id, session: SessionID(rawValue: 1)))
    _ = stage.time.finish {
      for number in 0..<count {
        _ = try? await SendMessage(conversation: room, text: "\(number)").run(in: chat, as: caller)
      }
      return true
    }
  }

  @Test func `without heads the answer names all heads, the self conversation's too`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    say(3, in: room, stage)
    let bob = try stage.client(stage.bob)
    let heads = try #require(bob.reply("r")?["d"]?["heads"])
    #expect(heads["\(room.rawValue)"]?.integer == 4)
    #expect(heads["\(stage.bob.ownConversation.rawValue)"]?.integer == 2)
    #expect(bob.reply("r")?["d"]?["behind"]?.array?.isEmpty == true)
    #expect(bob.seqs(room).isEmpty)
  }

  @Test func `what was missed comes before the answer`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    say(99, in: room, stage)
    let bob = try stage.client(stage.bob, heads: #"{"\#(room.rawValue)":41}"#)
    #expect(bob.seqs(room) == Array(42...100))
    #expect(bob.frames.last?["re"]?.string == "r")
    say(1, in: room, stage)
    stage.time.run(for: 10)
    #expect(bob.seqs(room).last == 101)
  }

  @Test func `one that is away is named, and goes on when it is back`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    say(9, in: room, stage)
    stage.world.absentBuckets = [room.bucket]
    let bob = try stage.client(stage.bob, heads: #"{"\#(room.rawValue)":4}"#)
    let answer = try #require(bob.reply("r")?["d"])
    #expect(answer["unavailable"]?.array?.map(\.integer) == [room.rawValue])
    #expect(answer["heads"]?["\(room.rawValue)"] == nil)
    stage.time.run(for: 3_000)
    #expect(bob.seqs(room).isEmpty)
    stage.world.absentBuckets = []
    stage.time.run(for: 3_000)
    let told = try #require(bob.frames.first { $0["t"]?.string == "conversation.available" })
    #expect(told["conv"]?.integer == room.rawValue)
    #expect(told["d"]?["head"]?.integer == 4 && told["d"]?["behind"]?.bool == false)
    #expect(bob.seqs(room) == Array(5...10))
    say(1, in: room, stage)
    stage.time.run(for: 10)
    #expect(bob.seqs(room).last == 11)
  }

  @Test func `one that is too far behind is named with its head`() throws {
    var delivery = DeliveryLimits()
    delivery.resumeEntriesMax = 5
    let stage = try SocketStage(delivery: delivery)
    let room = try stage.group(members: [stage.bob])
    say(10, in: room, stage)
    let bob = try stage.client(stage.bob, heads: #"{"\#(room.rawValue)":1}"#)
    let behind = try #require(bob.reply("r")?["d"]?["behind"]?.array?.first)
    #expect(behind["conversation"]?.integer == room.rawValue)
    #expect(behind["head"]?.integer == 11)
    #expect(bob.seqs(room).isEmpty)
    say(1, in: room, stage)
    stage.time.run(for: 10)
    #expect(bob.seqs(room) == [12])
  }

  @Test func `a head beyond the conversation's is refused by name, and the session may resume again`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    let bob = try stage.client(stage.bob, heads: #"{"\#(room.rawValue)":7}"#)
    #expect(bob.code("r") == "invalid_head")
    #expect(bob.pointers("r") == ["/heads/\(room.rawValue)"])
    bob.send(#"{"id":"s","op":"resume"}"#)
    stage.time.run(for: 20)
    #expect(bob.reply("s")?["ok"]?.bool == true)
  }

  @Test func `a second resume is refused`() throws {
    let stage = try SocketStage()
    let bob = try stage.client(stage.bob)
    bob.send(#"{"id":"s","op":"resume"}"#)
    stage.time.run(for: 20)
    #expect(bob.code("s") == "already_resumed")
    #expect(bob.closed == nil)
  }

  @Test func `a store that is away fails the resume as a problem, and it may be repeated`() throws {
    let stage = try SocketStage()
    let bob = stage.connect(token: try stage.token(of: stage.bob).token)
    stage.time.run(for: 20)
    stage.world.isAway = true
    bob.send(#"{"id":"1","op":"resume"}"#)
    stage.time.run(for: 20)
    #expect(bob.code("1") == "database_unavailable")
    stage.world.isAway = false
    bob.send(#"{"id":"2","op":"resume"}"#)
    stage.time.run(for: 20)
    #expect(bob.reply("2")?["ok"]?.bool == true)
  }

  @Test func `past the node's limit a resume is closed with 4003 and a time to come back`() throws {
    var delivery = DeliveryLimits()
    delivery.resumesAtOnceMax = 0
    delivery.resumesWaitingMax = 0
    let stage = try SocketStage(delivery: delivery)
    let bob = stage.connect(token: try stage.token(of: stage.bob).token)
    bob.send(#"{"id":"1","op":"resume"}"#)
    stage.time.run(for: 50)
    #expect(bob.closed?.code == 4003)
    #expect(bob.closed?.reason.contains("retry_after_ms") == true)
  }

  @Test func `a resume that names many conversations fits into a frame`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    say(2, in: room, stage)
    let strangers = (1...9_000).map { #""\#(9_000_000_000_000 + $0)":\#($0)"# }
    let heads = "{" + (strangers + [#""\#(room.rawValue)":1"#]).joined(separator: ",") + "}"
    let bob = try stage.client(stage.bob, heads: heads)
    #expect(bob.reply("r")?["ok"]?.bool == true)
    #expect(bob.reply("r")?["d"]?["heads"]?.object?.count == 2)
    #expect(bob.seqs(room) == [2, 3])
  }
}
