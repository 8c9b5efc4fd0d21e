import ChatCore
import Delivery
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Realtime

/// Going on where a connection was lost: all that was missed, in order, or a session that begins anew.
@Suite struct SocketIORecoveryTests {
  private let stage: SocketStage
  private let room: ConversationID
  private let caller: Caller

  init() throws {
    stage = try SocketStage()
    room = try stage.group(members: [stage.bob])
    caller = try stage.token(of: stage.bob).caller
  }

  /// A client that recovers, has resumed, and has heard three messages.
  private func lively() throws -> PacketClient {
    let client = try stage.entered(stage.ada, recovering: true)
    client.emit("resume", "{}", ack: 0)
    stage.time.run(for: 50)
    for _ in 0..<3 { say("before") }
    return client
  }

  private func say(_ text: String) {
    let (chat, room, caller) = (stage.chat, room, caller)
    let sent =
      stage.time.finish {
        try? await SendMessage(conversation: room, text: text).run(
          in: chat, as: caller)
      } ?? nil
    #expect(sent != nil)
    stage.time.run(for: 50)
  }

  private func back(_ lost: PacketClient, offset: String?, as user: User? = nil) throws -> PacketClient {
    let offset = offset.map { #","offset":"\#($0)""# } ?? ""
    let token = try stage.token(of: user ?? stage.ada).token
    let client = try stage.enter(#"{"token":"\#(token)","recovery":true,"pid":"\#(lost.pid ?? "")"\#(offset)}"#)
    stage.time.run(for: 100)
    return client
  }

  private func lose(_ client: PacketClient) { client.session?.transportClosed() }

  @Test func `each entry carries its offset, and nothing else does`() throws {
    let client = try lively()
    #expect(client.offsets == [2, 3, 4].map { "\(room.rawValue):\($0)" })
    #expect(client.pid != nil)
  }

  @Test func `who comes back is the same session and gets what he missed, then what is new`() throws {
    let client = try lively()
    // The last one is lost on its way.
    let offset = client.offsets[1]
    lose(client)
    for _ in 0..<2 { say("away") }
    let again = try back(client, offset: offset)
    #expect(again.sid == client.sid && again.pid == client.pid && again.isRecovered)
    say("new")
    #expect(again.seqs == [4, 5, 6, 7])
    again.emit("resume", "{}", ack: 1)
    #expect(again.acks[1]?["error"]?["code"]?.string == "already_resumed")
    // And once more, with an offset of the first time.
    lose(again)
    #expect(try back(again, offset: again.offsets[0]).seqs == [5, 6, 7])
  }

  @Test func `who has heard nothing yet goes on from where he resumed`() throws {
    let client = try lively()
    lose(client)
    #expect(try back(client, offset: nil).seqs == [2, 3, 4])
  }

  @Test func `another user's token, an unknown offset, a second time and too late begin anew`() throws {
    for attempt in 0..<4 {
      let client = try lively()
      let offset = try #require(client.offsets.last)
      lose(client)
      if attempt == 2 { _ = try back(client, offset: offset) }
      if attempt == 3 { stage.time.run(for: RecoveryShelf.keptFor) }
      let again = try back(
        client, offset: attempt == 1 ? "\(room.rawValue):99" : offset, as: attempt == 0 ? stage.bob : nil)
      #expect(!again.isRecovered && again.pid != client.pid && again.sid != client.sid, "\(attempt)")
      again.emit("resume", "{}", ack: 1)
      stage.time.run(for: 50)
      #expect(again.acks[1]?["ok"]?.bool == true, "\(attempt)")
    }
  }

  @Test func `who left, was signed out, or never resumed is not waited for`() throws {
    let left = try lively()
    left.session?.clientLeft()
    #expect(stage.shelf.count == 0)
    let signedOut = try lively()
    signedOut.session?.end(.signedOut)
    #expect(stage.shelf.count == 0)
    lose(try stage.entered(stage.ada, recovering: true))
    #expect(stage.shelf.count == 0)
    let slow = try lively()
    slow.session?.end(.slowReader)
    #expect(stage.shelf.count == 1)
  }

  @Test func `who joined something while he was away has to resume, so that nothing is missing in silence`() throws {
    let client = try lively()
    lose(client)
    _ = try stage.group(members: [])
    #expect(try !back(client, offset: client.offsets.last).isRecovered)
  }

  @Test func `who was told of a gap comes in anew, since he may not have read it`() throws {
    var delivery = DeliveryLimits()
    delivery.resumeEntriesMax = 2
    let stage = try SocketStage(delivery: delivery)
    let (room, caller) = (try stage.group(members: [stage.bob]), try stage.token(of: stage.bob).caller)
    let chat = stage.chat
    for _ in 0..<4 {
      let sent: Message?? = stage.time.finish {
        try? await SendMessage(conversation: room, text: "far").run(in: chat, as: caller).message
      }
      #expect(sent ?? nil != nil)
    }
    let client = try stage.entered(stage.ada, recovering: true)
    client.emit("resume", #"{"heads":{"\#(room.rawValue)":1}}"#, ack: 0)
    stage.time.run(for: 50)
    #expect(client.acks[0]?["d"]?["behind"]?.array?.count == 1)
    client.session?.transportClosed()
    #expect(stage.shelf.count == 0)
    let token = try stage.token(of: stage.ada).token
    let again = try stage.enter(#"{"token":"\#(token)","recovery":true,"pid":"\#(client.pid ?? "")"}"#)
    stage.time.run(for: 100)
    #expect(!again.isRecovered && again.sid != client.sid)
  }

  @Test func `who joined something while it was being looked what he missed comes in anew`() throws {
    let client = try lively()
    lose(client)
    let again = try back(client, offset: client.offsets.last)
    #expect(again.isRecovered)
    let joined = try stage.group(members: [])
    again.session?.wentOn(.resumed(heads: [room: 4, joined: 1], behind: []))
    #expect(again.closed == .resumeLimit)
    #expect(stage.shelf.count == 0)
  }

  @Test func `a trail forgets its oldest steps, and says so`() throws {
    var trail = Trail()
    for seq in 1...Int64(2 * Trail.stepsMax) { trail.sent(EntryPlace(room, seq)) }
    trail.resumed([:])
    #expect(trail.rewound(to: nil) == nil)
    #expect(trail.rewound(to: "\(room.rawValue):\(Trail.stepsMax)") == nil)
    let kept = Int64(Trail.stepsMax) + 1
    #expect(trail.rewound(to: "\(room.rawValue):\(kept)")?.heads[room] == kept)
    for offset in ["", ":", "1", "x:1", "\(room.rawValue):", "\(room.rawValue):1:1"] {
      #expect(trail.rewound(to: offset) == nil, "\(offset)")
    }
  }

  @Test func `the shelf holds so many sessions, then lets the oldest go`() {
    let shelf = RecoveryShelf { "" }
    for number in 0...RecoveryShelf.sessionsMax {
      shelf.put("\(number)", LostSession(id: SessionName { 0 }, trail: Trail()), of: stage.ada.id, now: 0)
    }
    #expect(shelf.count == RecoveryShelf.sessionsMax)
    #expect(shelf.take("0", of: stage.ada.id, now: 0) == nil)
    #expect(shelf.take("1", of: stage.bob.id, now: 0) == nil)
    #expect(shelf.take("1", of: stage.ada.id, now: 0) != nil)
    #expect(shelf.take("2", of: stage.ada.id, now: RecoveryShelf.keptFor) == nil)
  }
}
