import ChatCore
import Delivery
import MemoryAdapters
import TestKit
import Testing

/// A machine of the database is away when a session resumes: F39.
@Suite("Conversations that are away at a resume")
struct LateDeskTests {
  /// Two rooms of Ada and Bob, the first of which cannot be asked about.
  private struct Scene {
    let stage: HubStage
    let away: ConversationID
    let near: ConversationID

    init(limits: DeliveryLimits = DeliveryLimits()) throws {
      stage = try HubStage(limits: limits)
      away = try stage.group()
      var other = try stage.group()
      while other.bucket == away.bucket { other = try stage.group() }
      near = other
    }

    func goes() {
      stage.world.absentBuckets = [away.bucket]
      stage.log.gone = [away.bucket]
    }

    func comesBack() {
      stage.world.absentBuckets = []
      stage.log.gone = []
    }

    /// Ada says something there, of which the nodes are told.
    func heard(_ text: String, in room: ConversationID) throws { stage.broker.publish([try stage.say(text, in: room)]) }

    var topic: Topic { .conversation(away) }
  }

  @Test func `are named, and all others go on`() throws {
    let scene = try Scene()
    scene.goes()
    let bob = try scene.stage.listener(scene.stage.bob)
    guard case .resumed(let heads, [], [scene.away]) = bob.outcome else {
      Issue.record("\(String(describing: bob.outcome))")
      return
    }
    #expect(heads[scene.near] == 1 && heads[scene.away] == nil)
    try scene.heard("near", in: scene.near)
    #expect(bob.seqs(scene.near) == [2])
    scene.stage.time.run(for: 60_000)
    #expect(bob.available.isEmpty && bob.seqs(scene.away).isEmpty)
  }

  @Test func `go on where the client was, once and in order, when they are back`() throws {
    let scene = try Scene()
    for count in 1...9 { try scene.stage.say("\(count)", in: scene.away) }
    scene.goes()
    let bob = try scene.stage.listener(scene.stage.bob, have: [scene.away: 4])
    scene.stage.time.run(for: 5_000)
    scene.comesBack()
    try scene.heard("back", in: scene.away)
    scene.stage.time.run(for: 2_000)
    try scene.heard("live", in: scene.away)
    #expect(bob.available == ["\(scene.away.rawValue):4"])
    #expect(bob.heard.first { $0.hasPrefix("\(scene.away.rawValue):") } == "\(scene.away.rawValue):available")
    #expect(bob.seqs(scene.away) == Array(5...12))
  }

  @Test func `begin for who has named nothing with what was stored after he came`() throws {
    let scene = try Scene()
    for count in 1...9 { try scene.stage.say("\(count)", in: scene.away) }
    scene.goes()
    let bob = try scene.stage.listener(scene.stage.bob)
    scene.comesBack()
    try scene.heard("first", in: scene.away)
    try scene.stage.say("unheard", in: scene.away)
    scene.stage.time.run(for: 2_000)
    try scene.heard("live", in: scene.away)
    #expect(bob.available == ["\(scene.away.rawValue):10"])
    #expect(bob.seqs(scene.away) == [11, 12, 13])
  }

  @Test func `are to be paged where too much was missed, and are told from there on`() throws {
    var limits = DeliveryLimits()
    limits.resumeEntriesMax = 5
    let scene = try Scene(limits: limits)
    for count in 1...9 { try scene.stage.say("\(count)", in: scene.away) }
    scene.goes()
    let bob = try scene.stage.listener(scene.stage.bob, have: [scene.away: 1])
    scene.comesBack()
    scene.stage.time.run(for: 2_000)
    try scene.heard("live", in: scene.away)
    scene.stage.time.run(for: 100)
    #expect(bob.available == ["\(scene.away.rawValue):10 behind"])
    #expect(bob.seqs(scene.away) == [11])
  }

  @Test func `are not waited for by who has left them`() throws {
    let scene = try Scene()
    scene.goes()
    let bob = try scene.stage.listener(scene.stage.bob)
    let made = try scene.stage.change(scene.away, .remove, of: scene.stage.bob, by: scene.stage.ada)
    scene.stage.broker.publish(made.filter { $0.conversation == scene.stage.bob.ownConversation })
    #expect(scene.stage.broker.unfollowed.contains(scene.topic))
    scene.comesBack()
    scene.stage.time.run(for: 5_000)
    #expect(bob.available.isEmpty && bob.seqs(scene.away).isEmpty)
  }

  @Test func `go on where he was added again`() throws {
    let scene = try Scene()
    let (stage, away) = (scene.stage, scene.away)
    scene.goes()
    let bob = try stage.listener(stage.bob)
    let left = try stage.change(away, .remove, of: stage.bob, by: stage.ada)
    try stage.say("without him", in: away)
    let joined = try stage.change(away, .put(.member), of: stage.bob, by: stage.ada)
    let own = (left + joined).filter { $0.conversation == stage.bob.ownConversation }
    scene.comesBack()
    stage.broker.publish(own)
    stage.time.run(for: 3_000)
    try scene.heard("live", in: away)
    #expect(bob.seqs(away) == [4, 5])
  }

  @Test func `are let go of with the last session that waits, and asked about no more`() throws {
    let scene = try Scene()
    scene.goes()
    let ears = [try scene.stage.listener(scene.stage.bob), try scene.stage.listener(scene.stage.ada)]
    #expect(scene.stage.broker.followed.filter { $0 == scene.topic }.count == 1)
    for ear in ears {
      #expect(!scene.stage.broker.unfollowed.contains(scene.topic))
      if let seat = ear.seat { scene.stage.hub.detach(seat) }
    }
    #expect(scene.stage.broker.unfollowed.filter { $0 == scene.topic }.count == 1)
  }

  @Test func `hand their topic to the room that opens, which hands it back`() throws {
    var limits = DeliveryLimits()
    limits.lingerFor = 100
    let scene = try Scene(limits: limits)
    let (stage, eve) = (scene.stage, try scene.stage.register("eve"))
    scene.goes()
    _ = try stage.listener(stage.bob)
    // Whom the log itself tells that she is in finds the room without asking for heads.
    let ear = try stage.listener(eve)
    let made = try stage.change(scene.away, .put(.member), of: eve, by: stage.ada)
    stage.broker.publish(made.filter { $0.conversation == eve.ownConversation })
    #expect(stage.broker.followed.filter { $0 == scene.topic }.count == 1)
    if let seat = ear.seat { stage.hub.detach(seat) }
    stage.time.run(for: 5_000)
    #expect(stage.hub.report.rooms == 2, "Bob's own and the near one")
    #expect(!stage.broker.unfollowed.contains(scene.topic))
  }
}
