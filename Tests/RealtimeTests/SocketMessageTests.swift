import ChatCore
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Realtime

@Suite struct SocketMessageTests {
  @Test func `what becomes of a message is answered and told to all members in order`() throws {
    let (stage, room, ada, bob) = try Self.talk()
    let message = try Self.say("hi", by: ada, in: room, stage)
    Self.ask(ada, "1", "message.edit", #""message":\#(message),"text":"ho""#, stage)
    Self.ask(bob, "2", "reaction.add", #""message":\#(message),"emoji":"👍""#, stage)
    Self.ask(bob, "3", "reaction.add", #""message":\#(message),"emoji":"👍""#, stage)
    Self.ask(bob, "4", "reaction.remove", #""message":\#(message),"emoji":"👍""#, stage)
    Self.ask(ada, "5", "message.delete", #""message":\#(message)"#, stage)
    #expect(ada.reply("1")?["d"]?["text"]?.string == "ho")
    #expect(bob.reply("3")?["d"]?["reactions"] == [["emoji": "👍", "count": 1]])
    #expect(ada.reply("5")?["d"]?["deleted_at"]?.string != nil)
    for client in [ada, bob] {
      let events = client.frames.filter { $0["conv"]?.integer == room.rawValue }
      let wanted = ["message.created", "message.edited", "reaction.added", "reaction.removed", "message.deleted"]
      #expect(events.compactMap { $0["t"]?.string } == wanted)
      #expect(client.seqs(room) == [2, 3, 4, 5, 6])
      #expect(events[1]["d"]?["text"]?.string == "ho")
      #expect(events[2]["d"]?["by"]?["username"]?.string == "bob")
      #expect(events[4]["d"]?["text"]?.string == "")
    }
  }

  @Test func `a resume brings edits, with the message as it is now`() throws {
    let (stage, room, ada, _) = try Self.talk()
    let message = try Self.say("hi", by: ada, in: room, stage)
    Self.ask(ada, "1", "message.edit", #""message":\#(message),"text":"ho""#, stage)
    let later = try stage.client(stage.bob, heads: #"{"\#(room.rawValue)":1}"#)
    let events = later.frames.filter { $0["conv"]?.integer == room.rawValue }
    #expect(events.compactMap { $0["t"]?.string } == ["message.created", "message.edited"])
    #expect(events.compactMap { $0["d"]?["text"]?.string } == ["ho", "ho"])
  }

  @Test func `typing reaches the others, reading all, and neither has a seq`() throws {
    let (stage, room, ada, bob) = try Self.talk()
    let other = try stage.client(stage.ada)
    Self.ask(ada, "1", "typing", #""conversation":\#(room.rawValue)"#, stage)
    Self.ask(ada, "2", "typing", #""conversation":\#(room.rawValue)"#, stage)
    Self.ask(ada, "3", "read", #""conversation":\#(room.rawValue),"seq":1"#, stage)
    #expect(ada.reply("2")?["ok"]?.bool == true)
    #expect(ada.reply("3")?["d"]?["seq"]?.integer == 1)
    let told = { (client: Client) in client.frames.compactMap { $0["t"]?.string }.filter { $0 != "hello" } }
    #expect(told(bob) == ["typing", "read"])
    #expect(told(ada) == ["read"])
    #expect(told(other) == ["read"])
    #expect(bob.frames.first { $0["t"]?.string == "typing" }?["d"]?["user"]?["username"]?.string == "ada")
    #expect(bob.frames.first { $0["t"]?.string == "read" }?["d"]?["seq"]?.integer == 1)
    #expect(bob.seqs(room).isEmpty)
  }

  @Test(arguments: [
    ("message.edit", #""message":1"#, "invalid_request", ["/text"]),
    ("message.edit", #""message":"1","text":"x""#, "invalid_request", ["/message"]),
    ("message.edit", #""message":4096,"text":"x""#, "message_not_found", []),
    ("message.delete", #""message":4096,"text":"x""#, "unknown_member", ["/text"]),
    ("reaction.add", #""message":4096,"emoji":"x""#, "invalid_request", ["/emoji"]),
    ("reaction.remove", #""message":4096"#, "invalid_request", ["/emoji"]),
    ("read", #""conversation":4096,"seq":-1"#, "invalid_request", ["/seq"]),
    ("read", #""conversation":4096,"seq":1"#, "conversation_not_found", []),
    ("typing", #""conversation":4096"#, "conversation_not_found", []),
  ])
  func `what is wrong is refused by its name`(
    operation: String, data: String, code: String, pointers: [String]
  ) throws {
    let (stage, _, ada, _) = try Self.talk()
    Self.ask(ada, "1", operation, data, stage)
    #expect(ada.code("1") == code)
    #expect(ada.pointers("1") == pointers)
  }

  @Test func `an event of a newer version is told by its place, and what follows comes`() throws {
    let (stage, room, ada, bob) = try Self.talk()
    let id = EntryID(counter: 900_000, bucket: room.bucket)
    let newer = Entry(
      conversation: room, seq: 2, id: id, createdAt: Timestamp(milliseconds: 5),
      author: Author(id: stage.ada.id, username: "ada"), event: .unknown(code: 99))
    stage.broker.publish([newer])
    stage.time.run(for: 10)
    for client in [ada, bob] {
      #expect(client.frames.last?["t"]?.string == "unknown")
      #expect(client.frames.last?["d"]?["kind"]?.integer == 99)
      #expect(client.seqs(room) == [2])
    }
  }

  private static func talk() throws -> (SocketStage, ConversationID, ada: Client, bob: Client) {
    let stage = try SocketStage()
    let room = try stage.group(members: [stage.bob])
    return (stage, room, try stage.client(stage.ada), try stage.client(stage.bob))
  }

  private static func ask(_ client: Client, _ id: String, _ operation: String, _ data: String, _ stage: SocketStage) {
    client.send(#"{"id":"\#(id)","op":"\#(operation)","d":{\#(data)}}"#)
    stage.time.run(for: 20)
  }

  private static func say(
    _ text: String, by client: Client, in room: ConversationID, _ stage: SocketStage
  ) throws -> Int64 {
    ask(client, "say", "message.send", #""conversation":\#(room.rawValue),"text":"\#(text)""#, stage)
    return try #require(client.reply("say")?["d"]?["id"]?.integer)
  }
}
