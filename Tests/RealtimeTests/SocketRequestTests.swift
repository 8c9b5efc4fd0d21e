import ChatCore
import Delivery
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Realtime

@Suite struct SocketRequestTests {
  @Test func `a message is stored, answered and told to all members, the sender too`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    let (ada, bob) = (try stage.client(stage.ada), try stage.client(stage.bob))
    ada.send(
      #"{"id":"9","op":"message.send","d":{"conversation":\#(room.rawValue),"text":"hi","client_message_id":"c1"}}"#)
    stage.time.run(for: 10)
    let reply = try #require(ada.reply("9")?["d"])
    #expect(reply["seq"]?.integer == 2)
    #expect(reply["id"]?.integer != nil)
    #expect(reply["created_at"]?.string != nil)
    let event = try #require(bob.frames.last)
    #expect(event["t"]?.string == "message.created")
    #expect(event["conv"]?.integer == room.rawValue)
    #expect(event["seq"]?.integer == 2)
    #expect(event["d"]?["text"]?.string == "hi")
    #expect(event["d"]?["sender"]?["username"]?.string == "ada")
    #expect(event["d"]?["id"] == reply["id"])
    #expect(ada.seqs(room) == [2])
  }

  @Test func `a repeated send gets the first answer and is told once`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    let (ada, bob) = (try stage.client(stage.ada), try stage.client(stage.bob))
    for id in ["1", "2"] {
      ada.send(
        #"{"id":"\#(id)","op":"message.send","#
          + #""d":{"conversation":\#(room.rawValue),"text":"hi","client_message_id":"c"}}"#
      )
    }
    stage.time.run(for: 2_000)
    #expect(ada.reply("1")?["d"] == ada.reply("2")?["d"])
    #expect(bob.seqs(room) == [2])
  }

  @Test func `a session may send before it resumes`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [])
    let ada = stage.connect(token: try stage.token(of: stage.ada).token)
    ada.send(#"{"id":"1","op":"message.send","d":{"conversation":\#(room.rawValue),"text":"hi"}}"#)
    stage.time.run(for: 50)
    #expect(ada.reply("1")?["d"]?["seq"]?.integer == 2)
    #expect(ada.seqs(room).isEmpty)
  }

  @Test func `a conversation is opened and then heard from its first entry`() throws {
    let stage = try SocketStage()
    let (ada, bob) = (try stage.client(stage.ada), try stage.client(stage.bob))
    ada.send(#"{"id":"1","op":"conversation.open","d":{"kind":"direct","user":\#(stage.bob.id.rawValue)}}"#)
    stage.time.run(for: 50)
    let id = try #require(ada.reply("1")?["d"]?["id"]?.integer)
    #expect(bob.seqs(ConversationID(rawValue: id)) == [1])
    #expect(ada.seqs(ConversationID(rawValue: id)) == [1])
    bob.send(#"{"id":"2","op":"message.send","d":{"conversation":\#(id),"text":"hello"}}"#)
    stage.time.run(for: 50)
    #expect(ada.seqs(ConversationID(rawValue: id)) == [1, 2])
  }

  @Test(arguments: [
    (#"{"id":"1","op":"message.sent"}"#, "unknown_operation", "/op"),
    (#"{"id":"1","op":"message.send","d":{"text":"hi"}}"#, "invalid_request", "/conversation"),
    (#"{"id":"1","op":"message.send","d":{"conversation":1,"text":7}}"#, "invalid_request", "/text"),
    (#"{"id":"1","op":"message.send","d":{"conversation":"1","text":"x"}}"#, "invalid_request", "/conversation"),
    (#"{"id":"1","op":"message.send","d":{"conversation":1,"text":"x","colour":1}}"#, "unknown_member", "/colour"),
    (#"{"id":"1","op":"resume","d":{"heads":{"x":1}}}"#, "invalid_request", "/heads/x"),
    (#"{"id":"1","op":"resume","d":{"heads":{"5121":-1}}}"#, "invalid_request", "/heads/5121"),
    (#"{"id":"1","op":"conversation.open","d":{"kind":"self"}}"#, "invalid_request", "/kind"),
  ])
  func `wrong input is answered with a problem that names the member`(text: String, code: String, pointer: String)
    throws
  {
    let stage = try SocketStage()
    let client = stage.connect(token: try stage.token(of: stage.ada).token)
    stage.time.run(for: 20)
    client.send(text)
    stage.time.run(for: 20)
    #expect(client.code("1") == code)
    #expect(client.pointers("1") == [pointer])
    #expect(client.replies("1") == 1)
    #expect(client.closed == nil)
  }

  @Test func `what is not JSON ends the session with 4503, and so does a binary message`() throws {
    let stage = try SocketStage()
    let (one, two) = (try stage.client(stage.ada), try stage.client(stage.ada))
    one.send("hello")
    #expect(one.closed?.code == 4503)
    two.session?.receivedBinary()
    #expect(two.closed?.code == 4503)
    one.send(#"{"id":"1","op":"resume"}"#)
    #expect(one.reply("1") == nil)
  }

  @Test func `an id that is under way is refused and the first request answered once`() throws {
    let stage = try SocketStage()
    let client = stage.connect()
    client.send(#"{"id":"1","op":"auth","d":{"token":"\#(try stage.token(of: stage.ada).token)"}}"#)
    client.send(#"{"id":"1","op":"resume"}"#)
    #expect(client.code("1") == "duplicate_id")
    stage.time.run(for: 50)
    #expect(client.frames.count { $0["re"]?.string == "1" && $0["ok"]?.bool == true } == 1)
    client.send(#"{"id":"1","op":"resume"}"#)
    stage.time.run(for: 50)
    #expect(client.frames.count { $0["re"]?.string == "1" && $0["ok"]?.bool == true } == 2)
  }

  @Test func `as many requests as the limit may be under way, one past it is refused, and reading pauses`() throws {
    var limits = RealtimeLimits()
    limits.inFlightMax = 4
    let stage = try SocketStage(limits: limits)
    let room = try stage.group(members: [])
    let client = stage.connect(token: try stage.token(of: stage.ada).token)
    for id in 1...5 {
      client.send(#"{"id":"\#(id)","op":"message.send","d":{"conversation":\#(room.rawValue),"text":"\#(id)"}}"#)
    }
    #expect(client.isPaused)
    #expect(client.code("5") == "too_many_requests")
    stage.time.run(for: 50)
    for id in 1...4 { #expect(client.reply("\(id)")?["ok"]?.bool == true) }
    #expect(!client.isPaused)
  }

  @Test func `a database that is away is told as a problem to be repeated`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [])
    let client = try stage.client(stage.ada)
    stage.world.isAway = true
    client.send(#"{"id":"1","op":"message.send","d":{"conversation":\#(room.rawValue),"text":"hi"}}"#)
    stage.time.run(for: 20)
    #expect(client.code("1") == "database_unavailable")
    #expect(client.reply("1")?["error"]?["status"]?.integer == 503)
    #expect(client.reply("1")?["error"]?["retry_after_ms"]?.integer == 1_000)
  }

  @Test func `too many sends are told when to come back`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [])
    let client = try stage.client(stage.ada)
    stage.gate.refuses = .send
    client.send(#"{"id":"1","op":"message.send","d":{"conversation":\#(room.rawValue),"text":"hi"}}"#)
    stage.time.run(for: 20)
    #expect(client.code("1") == "rate_limited")
    #expect(client.reply("1")?["error"]?["retry_after_ms"]?.integer == 700)
  }

  @Test func `who sends more than he may is read more slowly, with a task and without`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [])
    let client = try stage.client(stage.ada)
    func send(_ id: String) {
      client.send(#"{"id":"\#(id)","op":"message.send","d":{"conversation":\#(room.rawValue),"text":"hi"}}"#)
    }
    for id in ["1", "2"] {
      send(id)
      stage.time.run(for: 20)
      #expect(!client.isPaused)
      stage.gate.refuses = .send
      send("\(id) too many")
      stage.time.run(for: 1)
      #expect(client.code("\(id) too many") == "rate_limited")
      #expect(client.isPaused)
      stage.time.run(for: 18)
      #expect(client.isPaused)
      stage.time.run(for: 2)
      #expect(!client.isPaused)
      stage.gate.refuses = nil
    }
    #expect(stage.gate.asked.byTask > 0 && stage.gate.asked.byCall > 0, "both ways were refused")
  }

  @Test func `each send is counted once, with a task and without`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [])
    let client = try stage.client(stage.ada)
    func send(_ id: String) {
      client.send(#"{"id":"\#(id)","op":"message.send","d":{"conversation":\#(room.rawValue),"text":"hi"}}"#)
    }
    // The second finds out that it is no crowd.
    for id in ["1", "2", "3"] {
      send(id)
      stage.time.run(for: 20)
    }
    #expect(stage.gate.asked == (byTask: 2, byCall: 1))
    stage.gate.refuses = .send
    send("4")
    #expect(client.code("4") == "rate_limited")
    #expect(client.reply("4")?["error"]?["retry_after_ms"]?.integer == 700)
    stage.gate.refuses = nil
    stage.gate.holds = true
    send("5")
    // What was known of the conversation does not hold any more when the gate has answered.
    stage.time.run(for: 60_000)
    #expect(client.reply("5") == nil)
    stage.gate.release()
    stage.time.run(for: 20)
    #expect(stage.gate.asked == (byTask: 2, byCall: 3))
    for id in ["1", "2", "3", "5"] { #expect(client.reply(id)?["ok"]?.bool == true, "\(id)") }
    #expect(client.seqs(room) == [2, 3, 4, 5])
  }

  @Test func `what was answered is recorded by operation and outcome`() throws {
    let stage = try SocketStage()
    let client = try stage.client(stage.ada)
    client.send(#"{"id":"1","op":"nothing"}"#)
    #expect(stage.recorded.map(\.operation) == ["resume", "unknown"])
    #expect(stage.recorded.map(\.outcome) == ["ok", "unknown_operation"])
    #expect(stage.door.report.requests["resume"] == ["ok": 1])
  }
}
