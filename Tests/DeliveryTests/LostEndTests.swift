import ChatCore
import Delivery
import MemoryAdapters
import TestKit
import Testing

/// Another server takes over that lacks a conversation's last entries, while sessions are on their way into it.
@Suite struct LostEndTests {
  /// Two rooms, of which the near one has 49 messages and the far one so many.
  private static func stage(far count: Int) throws -> (HubStage, near: ConversationID, far: ConversationID) {
    var limits = DeliveryLimits()
    limits.resumeEntriesMax = 50
    limits.pageEntries = 8
    let stage = try HubStage(limits: limits)
    let (near, far) = (try stage.group("near"), try stage.group("far"))
    for count in 1...49 { try stage.say("\(count)", in: near) }
    for count in 1...count { try stage.say("\(count)", in: far) }
    return (stage, near, far)
  }

  /// One of Bob's sessions that hears all, and one on its way in, which has so much of both rooms.
  private static func ears(
    _ stage: HubStage, have: [ConversationID: Int64], latency: Milliseconds
  ) throws -> (live: Ear, bob: Ear) {
    let live = try stage.listener(stage.bob, signIn: 2)
    stage.time.run(for: 3_000)
    stage.log.latency = latency
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: have)
    stage.time.run(for: 5)
    return (live, bob)
  }

  private static func runToAnswer(_ ear: Ear, _ stage: HubStage) {
    for _ in 0..<100_000 where ear.outcome == nil { stage.time.run(for: 1) }
  }

  @Test func `one who awaits the answer that he is too far behind hears what is new where the log goes on`() throws {
    let (stage, near, far) = try Self.stage(far: 51)
    let (other, _, same) = try Self.stage(far: 48)
    #expect(same == far)
    let (live, bob) = try Self.ears(stage, have: [near: 1, far: 1], latency: 3_000)
    (stage.log.world, stage.log.server) = (other.world, 1)
    stage.time.run(for: 12_000)
    #expect(bob.outcome == nil)
    stage.broker.publish([try other.say("50", in: far)])
    #expect(live.seqs(far) == [50], "the room has gone back")
    Self.runToAnswer(bob, stage)
    #expect(bob.seqs(far).isEmpty)
    for number in 51...54 { stage.broker.publish([try other.say("\(number)", in: far)]) }
    stage.time.run(for: 10_000)
    #expect(live.seqs(far) == Array(50...54))
    #expect(bob.seqs(far) == Array(50...54))
  }

  @Test(arguments: [1, 40]) func `one who lacks what is lost goes on where the log does`(have: Int64) throws {
    let (stage, near, far) = try Self.stage(far: 51)
    let (other, _, same) = try Self.stage(far: 51)
    #expect(same == far)
    let (live, bob) = try Self.ears(stage, have: [near: 1, far: have], latency: 20)
    stage.broker.publish([try stage.say("53, lost", in: far)])
    #expect(live.seqs(far) == [53])
    stage.log.world = other.world
    Self.runToAnswer(bob, stage)
    stage.time.run(for: 10_000)
    let had: [Int64] = have == 1 ? [] : Array(41...52)
    #expect(bob.seqs(far) == had)
    stage.broker.publish([try other.say("53", in: far)])
    stage.time.run(for: 10_000)
    #expect(live.seqs(far) == [53, 53])
    #expect(bob.seqs(far) == had + [53])
  }
}
