import ChatCore
import Delivery
import TestKit
import Testing

@Suite struct MembershipTests {
  @Test func `a new conversation is joined by its members' sessions from its first entry`() throws {
    let stage = try HubStage()
    let bob = try stage.listener(stage.bob)
    let room = try stage.group()
    stage.time.run(for: 1_200)
    #expect(bob.seqs(room) == [1])
    #expect(bob.seqs(stage.bob.ownConversation) == [2])
    stage.broker.publish([try stage.say("hi", in: room)])
    #expect(bob.seqs(room) == [1, 2])
  }

  @Test func `one who is added hears from the entry that says so`() throws {
    let stage = try HubStage()
    let room = try stage.group(members: [])
    try stage.say("not for bob", in: room)
    let bob = try stage.listener(stage.bob)
    stage.broker.publish(try stage.change(room, .put(nil), of: stage.bob, by: stage.ada))
    stage.time.run(for: 10)
    #expect(bob.seqs(room) == [3])
  }

  @Test func `one who is removed hears that and nothing after it, on all his sessions`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let (bob, phone) = (try stage.listener(stage.bob), try stage.listener(stage.bob, signIn: 2))
    let ada = try stage.listener(stage.ada)
    let left = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
    let secret = try stage.say("secret", in: room)
    // The secret overtakes the removal.
    stage.broker.publish([secret])
    stage.broker.publish(left)
    stage.time.run(for: 3_000)
    #expect(bob.seqs(room) == [2])
    #expect(phone.seqs(room) == [2])
    #expect(ada.seqs(room) == [2, 3])
  }

  @Test func `one who is removed while he catches up hears up to his removal`() throws {
    let stage = try HubStage()
    stage.log.latency = 20
    let room = try stage.group()
    for count in 1...40 { try stage.say("\(count)", in: room) }
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 1])
    stage.time.run(for: 5)
    let left = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
    stage.broker.publish(left + [try stage.say("secret", in: room)])
    stage.time.run(for: 3_000)
    #expect(bob.seqs(room) == Array(2...42))
    #expect(bob.outcome != nil)
  }

  @Test func `one who has left and come back hears nothing of what was said in between`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    _ = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
    try stage.say("secret", in: room)
    _ = try stage.change(room, .put(nil), of: stage.bob, by: stage.ada)
    try stage.say("welcome", in: room)
    let bob = try stage.listener(stage.bob, have: [room: 1])
    #expect(bob.seqs(room) == [2, 4, 5])
    stage.broker.publish([try stage.say("live", in: room)])
    #expect(bob.seqs(room).last == 6)
  }

  @Test func `one who resumes from the entry by which he left hears from the one by which he came back`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    _ = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
    try stage.say("secret", in: room)
    _ = try stage.change(room, .put(nil), of: stage.bob, by: stage.ada)
    let bob = try stage.listener(stage.bob, have: [room: 2])
    #expect(bob.seqs(room) == [4])
  }

  @Test func `one who resumes while he is out hears that he has left, and the room from his coming back on`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let own = stage.bob.ownConversation
    try stage.say("while he was a member", in: room)
    _ = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
    let bob = try stage.listener(stage.bob, have: [room: 1, own: 2])
    #expect(bob.seqs(own) == [3] && bob.seqs(room).isEmpty)
    #expect(bob.outcome == .resumed(heads: [own: 3], behind: []))
    stage.broker.publish(try stage.change(room, .put(nil), of: stage.bob, by: stage.ada))
    stage.time.run(for: 10)
    #expect(bob.seqs(own) == [3, 4] && bob.seqs(room) == [4])
  }

  @Test func `a coming back that is told before the leaving is not lost`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 2_000)
    let left = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
    let secret = try stage.say("secret", in: room)
    let back = try stage.change(room, .put(nil), of: stage.bob, by: stage.ada)
    let own = stage.bob.ownConversation
    // His own log tells both, before the room has told either.
    stage.broker.publish((left + back).filter { $0.conversation == own })
    stage.broker.publish((left + [secret] + back).filter { $0.conversation == room })
    stage.broker.publish([try stage.say("live", in: room)])
    stage.time.run(for: 3_000)
    #expect(bob.seqs(room) == [2, 4, 5])
  }

  @Test func `the self conversation ends a seat that the room's entry no longer can`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 2_000)
    let left = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
    stage.broker.publish(left.filter { $0.conversation != room })
    stage.time.run(for: 200)
    stage.broker.publish([try stage.say("secret", in: room)])
    stage.time.run(for: 2_000)
    #expect(bob.seqs(room) == [2])
  }

  @Test func `a joining that no log knows seats nobody for long and does no harm`() throws {
    let stage = try HubStage()
    let room = try stage.group(members: [])
    let bob = try stage.listener(stage.bob)
    let own = stage.bob.ownConversation
    let author = Author(id: stage.bob.id, username: "bob")
    stage.broker.publish([
      Entry(
        conversation: own, seq: 2, id: EntryID(rawValue: 4096), createdAt: Timestamp(milliseconds: 0), author: author,
        event: .joined(room, seq: .max))
    ])
    stage.time.run(for: 3_000)
    #expect(bob.seqs(room).isEmpty)
    let ada = try stage.listener(stage.ada, have: [room: 0])
    stage.broker.publish([try stage.say("hi", in: room)])
    #expect(ada.seqs(room) == [1, 2])
    #expect(bob.seqs(room).isEmpty)
  }

  @Test func `a joining of what there is not leaves no room behind`() throws {
    let stage = try HubStage()
    let bob = try stage.listener(stage.bob)
    let rooms = stage.hub.report.rooms
    let author = Author(id: stage.bob.id, username: "bob")
    stage.broker.publish([
      Entry(
        conversation: stage.bob.ownConversation, seq: 2, id: EntryID(rawValue: 4096),
        createdAt: Timestamp(milliseconds: 0), author: author,
        event: .joined(ConversationID(rawValue: 1 << 40), seq: 7))
    ])
    stage.time.run(for: 5)
    #expect(stage.hub.report.rooms == rooms + 1)
    stage.time.run(for: 20_000)
    #expect(stage.hub.report.rooms == rooms)
    #expect(bob.ended == nil)
  }

  @Test func `who is taken out is told of on the loop at once`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    _ = try stage.listener(stage.bob)
    var left: [UserID] = []
    stage.hub.memberLeft = { user, id in if id == room { left.append(user) } }
    let made = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
    #expect(left.isEmpty)
    stage.broker.publish(made)
    #expect(left == [stage.bob.id])
  }
}
