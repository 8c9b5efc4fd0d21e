import ChatCore
import Delivery
import MemoryAdapters
import TestKit
import Testing

@Suite struct ResumeTests {
  @Test func `without heads live delivery starts from now and the heads of all conversations are answered`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    try stage.say("before", in: room)
    let bob = try stage.listener(stage.bob)
    #expect(bob.heard.isEmpty)
    #expect(bob.outcome == .resumed(heads: [room: 2, stage.bob.ownConversation: 2], behind: []))
    stage.broker.publish([try stage.say("after", in: room)])
    #expect(bob.seqs(room) == [3])
  }

  @Test func `nothing is heard before resume`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = stage.session(of: stage.bob)
    stage.broker.publish([try stage.say("hi", in: room)])
    stage.time.run(for: 2_000)
    #expect(bob.heard.isEmpty)
  }

  @Test func `what was missed comes in order before the answer, then live without hole or repetition`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    for count in 1...100 { try stage.say("\(count)", in: room) }
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 41])
    // Live entries go on while the past is being read.
    for count in 101...120 {
      stage.broker.publish([try stage.say("\(count)", in: room)])
      stage.time.run(for: 1)
    }
    stage.time.run(for: 100)
    #expect(bob.seqs(room) == Array(42...121))
    #expect(bob.outcome == .resumed(heads: [room: 101, stage.bob.ownConversation: 2], behind: []))
    #expect((bob.heardAtOutcome ?? 0) >= 60)
    stage.broker.publish([try stage.say("live", in: room)])
    #expect(bob.seqs(room).last == 122)
  }

  @Test func `pages that lie whole below the head may come from a copy, the newest entries come from the log`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    for count in 1...100 { try stage.say("\(count)", in: room) }
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 1])
    stage.time.run(for: 100)
    #expect(bob.seqs(room) == Array(2...101))
    #expect(stage.log.pastHeads == [101, 101, 101])
    #expect(stage.log.pagesRead == 4)
  }

  @Test func `what live sessions lack comes from the log itself, however much it is`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    for count in 1...99 { try stage.say("\(count)", in: room) }
    stage.broker.publish([try stage.say("100", in: room)])
    stage.time.run(for: 3_000)
    #expect(bob.seqs(room) == Array(2...101))
    #expect(stage.log.pastHeads.isEmpty)
  }

  @Test func `a hundred sessions that miss the same share the reads of the log`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    for count in 1...50 { try stage.say("\(count)", in: room) }
    let ears = (0..<100).map { _ in stage.session(of: stage.bob) }
    for ear in ears { stage.resume(ear, have: [room: 1]) }
    stage.time.run(for: 100)
    for ear in ears { #expect(ear.seqs(room) == Array(2...51)) }
    #expect(stage.log.pagesRead <= 10)
  }

  @Test func `one that misses the limit is sent all of it, one past it is named and starts at the head`() throws {
    var limits = DeliveryLimits()
    limits.resumeEntriesMax = 10
    let stage = try HubStage(limits: limits)
    let (near, far) = (try stage.group("near"), try stage.group("far"))
    for count in 1...10 { try stage.say("\(count)", in: near) }
    for count in 1...11 { try stage.say("\(count)", in: far) }
    let bob = try stage.listener(stage.bob, have: [near: 1, far: 1])
    #expect(bob.seqs(near) == Array(2...11))
    #expect(bob.seqs(far).isEmpty)
    let own = stage.bob.ownConversation
    #expect(bob.outcome == .resumed(heads: [near: 11, far: 12, own: 3], behind: [far]))
    stage.broker.publish([try stage.say("live", in: far)])
    #expect(bob.seqs(far) == [13])
  }

  @Test func `a head beyond the conversation's is named, and the session may resume again`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob, have: [room: 2])
    #expect(bob.outcome == .invalidHead(room, head: 1))
    stage.resume(bob, have: [room: 1])
    stage.time.run(for: 10)
    #expect(bob.outcome == .resumed(heads: [room: 1, stage.bob.ownConversation: 2], behind: []))
  }

  @Test func `conversations of others are left out of the answer and nothing of them is heard`() throws {
    let stage = try HubStage()
    let eve = try stage.register("eve")
    let room = try stage.group()
    let ear = try stage.listener(eve, have: [room: 0])
    #expect(ear.outcome == .resumed(heads: [eve.ownConversation: 1], behind: []))
    stage.broker.publish([try stage.say("secret", in: room)])
    stage.time.run(for: 2_000)
    #expect(ear.heard.isEmpty)
  }

  @Test func `a store that is away fails the resume, which may be repeated`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    stage.world.isAway = true
    let bob = try stage.listener(stage.bob)
    guard case .failed(.unavailable(.database, _)) = bob.outcome else {
      Issue.record("\(String(describing: bob.outcome))")
      return
    }
    stage.world.isAway = false
    stage.resume(bob, have: [room: 0])
    stage.time.run(for: 20)
    #expect(bob.seqs(room) == [1])
  }

  @Test func `resumes past the limit wait their turn, and past that are told to come back`() throws {
    var limits = DeliveryLimits()
    limits.resumesAtOnceMax = 0
    limits.resumesWaitingMax = 1
    let stage = try HubStage(limits: limits)
    let (first, second) = (stage.session(of: stage.bob), stage.session(of: stage.bob))
    stage.resume(first)
    stage.resume(second)
    stage.time.run(for: 100)
    #expect(first.outcome == nil)
    guard case .busy(let wait) = second.outcome else {
      Issue.record("\(String(describing: second.outcome))")
      return
    }
    #expect((1_000..<5_000).contains(wait))
  }

  @Test func `a resume of many conversations joins them over several turns`() throws {
    var limits = DeliveryLimits()
    limits.joinsPerTurn = 3
    let stage = try HubStage(limits: limits)
    let rooms = try (0..<20).map { try stage.group("\($0)") }
    for room in rooms { try stage.say("missed", in: room) }
    let have = Dictionary(uniqueKeysWithValues: rooms.map { ($0, Int64(1)) })
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: have)
    stage.time.run(for: 100)
    #expect(bob.outcome != nil)
    for room in rooms { #expect(bob.seqs(room) == [2]) }
  }

  @Test func `reads of many rooms are a few at once`() throws {
    let stage = try HubStage()
    stage.log.latency = 10
    let rooms = try (0..<40).map { try stage.group("\($0)") }
    for room in rooms { try stage.say("missed", in: room) }
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: Dictionary(uniqueKeysWithValues: rooms.map { ($0, Int64(1)) }))
    stage.time.run(for: 500)
    for room in rooms { #expect(bob.seqs(room) == [2]) }
    #expect(stage.log.mostAtOnce == DeliveryLimits().readsAtOnceMax)
  }

  @Test func `a session that goes away in the middle leaves nothing behind`() throws {
    let stage = try HubStage()
    stage.log.latency = 50
    let room = try stage.group()
    for count in 1...100 { try stage.say("\(count)", in: room) }
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 0])
    stage.time.run(for: 70)
    stage.hub.detach(try #require(bob.seat))
    let heard = bob.heard.count
    stage.time.run(for: 20_000)
    #expect(bob.heard.count == heard)
    #expect(bob.outcome == nil)
    #expect(stage.hub.report.rooms == 0)
  }
}
