import ChatCore
import Delivery
import TestKit
import Testing

@Suite struct SlowReaderTests {
  private func limits() -> DeliveryLimits {
    var limits = DeliveryLimits()
    limits.sendQueueBytesMax = 10_000
    limits.catchUpBytesMax = 4_000
    limits.slowReaderGrace = 5
    limits.signOutCheckEvery = 3_600_000
    return limits
  }

  @Test func `a session with more waiting than the limit is ended and the others are not`() throws {
    let stage = try HubStage(limits: limits())
    let room = try stage.group()
    let (ada, bob) = (try stage.listener(stage.ada), try stage.listener(stage.bob))
    bob.reads = false
    let text = String(repeating: "x", count: 1_900)
    for _ in 1...5 { stage.broker.publish([try stage.say(text, in: room)]) }
    stage.time.run(for: 10)
    #expect(bob.ended == nil)
    for _ in 1...3 { stage.broker.publish([try stage.say(text, in: room)]) }
    #expect(bob.ended == nil)
    stage.time.run(for: 10)
    #expect(bob.ended == .slowReader)
    #expect(bob.queuedBytes <= 10_000 + 3 * 2_000)
    #expect(ada.seqs(room).count == 8)
    #expect(stage.hub.report.slowReaders == 1)
    #expect(stage.hub.report.sessions == 1)
  }

  @Test func `a burst that leaves with its turn makes no slow reader, one past four times the limit does`() throws {
    let stage = try HubStage(limits: limits())
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    bob.reads = false
    let text = String(repeating: "x", count: 1_000)
    let burst = try (1...12).map { _ in try stage.say(text, in: room) }
    stage.broker.publish(burst)
    bob.drain()
    stage.time.run(for: 10)
    #expect(bob.ended == nil)
    let flood = try (1...40).map { _ in try stage.say(text, in: room) }
    stage.broker.publish(flood)
    #expect(bob.ended == .slowReader)
  }

  @Test func `catching up waits for the queue to drain, whatever is missing`() throws {
    let stage = try HubStage(limits: limits())
    let room = try stage.group()
    let text = String(repeating: "x", count: 1_000)
    for _ in 1...60 { try stage.say(text, in: room) }
    let bob = stage.session(of: stage.bob)
    bob.reads = false
    stage.resume(bob, have: [room: 1])
    var most = 0
    for _ in 1...50 where bob.outcome == nil {
      stage.time.run(for: 30)
      most = max(most, bob.queuedBytes)
      bob.drain()
    }
    stage.time.run(for: 100)
    #expect(bob.seqs(room) == Array(2...61))
    #expect(bob.outcome != nil)
    #expect(most < 6_000)
    #expect(bob.ended == nil)
  }

  @Test func `a session that takes nothing while it catches up is ended after a while`() throws {
    let stage = try HubStage(limits: limits())
    let room = try stage.group()
    let text = String(repeating: "x", count: 1_000)
    for _ in 1...60 { try stage.say(text, in: room) }
    let bob = stage.session(of: stage.bob)
    bob.reads = false
    stage.resume(bob, have: [room: 1])
    stage.time.run(for: 29_000)
    #expect(bob.ended == nil)
    stage.time.run(for: 2_000)
    #expect(bob.ended == .slowReader)
  }

  @Test func `one that does not read holds up no other that catches up`() throws {
    let stage = try HubStage(limits: limits())
    let room = try stage.group()
    let text = String(repeating: "x", count: 1_000)
    for _ in 1...60 { try stage.say(text, in: room) }
    let (stuck, bob) = (stage.session(of: stage.bob), stage.session(of: stage.bob))
    stuck.reads = false
    stage.resume(stuck, have: [room: 1])
    stage.resume(bob, have: [room: 1])
    stage.time.run(for: 100)
    #expect(bob.seqs(room) == Array(2...61))
    #expect(stuck.seqs(room).count < 10)
  }

  @Test func `a repair of long texts does not make slow readers of healthy sessions`() throws {
    var limits = limits()
    limits.burstBytesMax = 3_000
    let stage = try HubStage(limits: limits)
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    bob.reads = false
    let text = String(repeating: "x", count: 1_000)
    for _ in 1...30 { try stage.say(text, in: room) }
    stage.broker.publish([try stage.say("last", in: room)])
    // The kernel takes what waits once in a turn.
    for _ in 1...300 {
      stage.time.run(for: 1)
      bob.drain()
    }
    #expect(bob.ended == nil)
    #expect(bob.seqs(room) == Array(2...32))
  }

  /// As when ten thousand are told of each entry: the loop tells them in slices, over many of its turns.
  @Test func `a repair makes no slow readers of a crowd that is flushed over many turns of the loop`() throws {
    var limits = limits()
    limits.burstBytesMax = 3_000
    limits.slowReaderGrace = DeliveryLimits().slowReaderGrace
    let stage = try HubStage(limits: limits)
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    bob.reads = false
    let text = String(repeating: "x", count: 1_000)
    for _ in 1...90 { try stage.say(text, in: room) }
    stage.broker.publish([try stage.say("last", in: room)])
    var most = 0
    for _ in 1...60 {
      stage.time.run(for: 70)
      most = max(most, bob.queuedBytes)
      bob.drain()
    }
    #expect(bob.ended == nil)
    #expect(most < 6_000)
    #expect(bob.seqs(room) == Array(2...92))
  }

  @Test func `one that takes nothing does not hold up a repair for the others, and is ended`() throws {
    var limits = limits()
    limits.burstBytesMax = 3_000
    limits.slowReaderGrace = 500
    let stage = try HubStage(limits: limits)
    let room = try stage.group()
    let (ada, bob) = (try stage.listener(stage.ada), try stage.listener(stage.bob))
    bob.reads = false
    let text = String(repeating: "x", count: 1_000)
    for _ in 1...30 { try stage.say(text, in: room) }
    stage.broker.publish([try stage.say("last", in: room)])
    stage.time.run(for: 5_000)
    #expect(ada.seqs(room) == Array(2...32))
    #expect(bob.ended == .slowReader)
  }
}
