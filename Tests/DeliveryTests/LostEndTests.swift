import ChatCore
import MemoryAdapters
import TestKit
import Testing

@testable import Delivery

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

  @Test(arguments: [40, 55])
  func `one who is past the end, in a room that has not come so far, hears the renewed numbers`(have: Int64) throws {
    let (stage, near, far) = try Self.stage(far: 51)
    let (other, _, same) = try Self.stage(far: 51)
    #expect(same == far)
    let live = try stage.listener(stage.bob, signIn: 2)
    stage.time.run(for: 3_000)
    for number in 53...55 { try stage.say("\(number), lost, and Redis says nothing", in: far) }
    stage.log.latency = 300
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [near: 50, far: have])
    stage.time.run(for: 5)
    (stage.log.world, stage.log.server) = (other.world, 1)
    stage.time.run(for: 10_000)
    #expect(live.seqs(far).isEmpty, "the room was behind")
    #expect(bob.outcome != nil)
    let had = have == 40 ? Array(41...52) : [Int64]()
    #expect(bob.seqs(far) == had)
    for number in 53...56 { stage.broker.publish([try other.say("\(number)", in: far)]) }
    stage.time.run(for: 10_000)
    #expect(live.seqs(far) == Array(53...56))
    #expect(bob.seqs(far) == had + Array(53...56))
  }

  @Test func `what was held for a hole is not told in place of what the log has there now`() throws {
    var limits = DeliveryLimits()
    limits.holdFor = 60_000
    let (stage, other) = (try HubStage(limits: limits), try HubStage())
    let (room, same) = (try stage.group(), try other.group())
    #expect(same == room)
    let carol = try stage.register("carol")
    let live = try stage.listener(stage.bob)
    stage.time.run(for: 3_000)
    stage.broker.publish([try stage.say("lost", in: room)])
    try stage.say("lost, and Redis says nothing", in: room)
    stage.broker.publish(try stage.change(room, .put(nil), of: carol, by: stage.ada))
    (stage.log.world, stage.log.server) = (other.world, 1)
    stage.time.run(for: 3_000)
    #expect(live.seqs(room) == [2])
    for number in 2...4 { stage.broker.publish([try other.say("\(number)", in: room)]) }
    stage.time.run(for: 3_000)
    let said = (2...4).map { "\(room.rawValue):\($0):message.created" }
    #expect(live.heard.filter { $0.hasPrefix("\(room.rawValue):") } == said.prefix(1) + said)
  }

  /// The members had `2 … 5` of the old log; by the time of the comparison the other one has told some of these anew.
  private static func renewed(_ count: Int64, limits: DeliveryLimits, wait: Milliseconds) throws -> [Int64] {
    let (stage, other) = (try HubStage(limits: limits), try HubStage())
    let (room, same) = (try stage.group(), try other.group())
    #expect(same == room)
    let live = try stage.listener(stage.bob)
    stage.time.run(for: 3_000)
    stage.broker.publish([try stage.say("2, which both have", in: room)])
    try other.say("2, which both have", in: room)
    // Removed and taken back: what has been acted on is not acted on again.
    for change in [MembershipChange.remove, .put(nil)] {
      for each in [stage, other] {
        let entries = try each.change(room, change, of: each.bob, by: each.ada)
        if each === stage { each.broker.publish(entries) }
      }
    }
    stage.time.run(for: 3_000)
    for number in 5...8 { stage.broker.publish([try stage.say("\(number), lost", in: room)]) }
    #expect(live.seqs(room) == Array(2...3) + Array(4...8))
    other.time.run(for: wait)
    (stage.log.world, stage.log.server) = (other.world, 1)
    for number in 5..<5 + count { stage.broker.publish([try other.say("\(number)", in: room)]) }
    #expect(live.seqs(room) == Array(2...8), "they count as repetitions")
    stage.time.run(for: 3_000)
    for number in 5 + count...9 { stage.broker.publish([try other.say("\(number)", in: room)]) }
    stage.time.run(for: 3_000)
    return Array(live.seqs(room).dropFirst(7))
  }

  @Test(arguments: [0, 1, 3])
  func `what the log says anew before the comparison is heard too, and nothing twice`(count: Int64) throws {
    #expect(try Self.renewed(count, limits: DeliveryLimits(), wait: 30_000) == Array(5...9))
  }

  @Test(arguments: [(1, [6, 7, 8, 9]), (2, [5, 6, 7, 8, 9])] as [(Int64, [Int64])])
  func `a room goes back so far and no further`(most: Int64, heard: [Int64]) throws {
    var limits = DeliveryLimits()
    limits.lostEndReread = most
    #expect(try Self.renewed(2, limits: limits, wait: 30_000) == heard)
  }

  @Test func `when the clock of the other server is behind, a room goes on where the log ends`() throws {
    #expect(try Self.renewed(2, limits: DeliveryLimits(), wait: 0) == Array(7...9))
  }

  @Test func `one who leaves and comes back while the room goes back hears nothing twice`() throws {
    let (stage, other) = (try HubStage(), try HubStage())
    let (room, same) = (try stage.group(), try other.group())
    #expect(same == room)
    let live = try stage.listener(stage.bob)
    stage.time.run(for: 3_000)
    for number in 2...12 {
      stage.broker.publish([try stage.say("\(number)", in: room)])
      if number < 10 { try other.say("\(number)", in: room) }
    }
    other.time.run(for: 30_000)
    (stage.log.world, stage.log.server) = (other.world, 1)
    let cursor = { stage.hub.rooms[room]?.cursor.last ?? 0 }
    for _ in 0..<3_000 where cursor() == 12 { stage.time.run(for: 1) }
    #expect(cursor() < 9, "the room has gone back")
    for change in [MembershipChange.remove, .put(nil)] {
      stage.broker.publish(try other.change(room, change, of: other.bob, by: other.ada))
    }
    stage.time.run(for: 3_000)
    stage.broker.publish([try other.say("12", in: room)])
    #expect(live.seqs(room) == Array(2...12) + Array(10...12))
  }

  @Test func `when a clock was set back, what was told is not told again`() {
    var told = Told()
    let moments: [Int64] = [10, 12, 11]
    let first = zip(1..., moments).map { told.isNew($0, stored: $1) }
    let start = told.goBack(to: 3, by: 128)
    let again = zip(1..., moments.prefix(2) + [13, 9]).map { told.isNew($0, stored: $1) }
    #expect(first == [true, true, true])
    #expect(start == 0)
    #expect(again == [false, false, true, true])
  }

  /// A room that has come to 60 goes back over a log that ends at 50, and perhaps over another one that ends earlier;
  /// meanwhile Bob's second session, a member as of 20, is behind that and reads on.
  @Test(arguments: [50, 40])
  func `one who is on his way when the room goes back hears all that is on his way`(end: Int64) throws {
    var limits = DeliveryLimits()
    (limits.catchUpBytesMax, limits.pageEntries) = (100, 8)
    let stages = try (0..<3).map { _ in try HubStage(limits: limits) }
    let (stage, second, third) = (stages[0], stages[1], stages[2])
    let room = try #require(Set(try stages.map { try $0.group() }).first)
    for number in 2...20 { for each in stages { try each.say("0123456789 \(number)", in: room) } }
    let live = try stage.listener(stage.bob, signIn: 2)
    let bob = stage.session(of: stage.bob)
    bob.reads = false
    stage.resume(bob, have: [room: 1])
    stage.time.run(for: 1_000)
    let had = bob.seqs(room)
    #expect(had.count > 1 && had.count < 19, "his queue is full")
    for number: Int64 in 21...60 {
      stage.broker.publish([try stage.say("\(number)", in: room)])
      if number <= 50 { try second.say("\(number)", in: room) }
      if number <= end { try third.say("\(number)", in: room) }
    }
    #expect(live.seqs(room) == Array(21...60))
    (stage.log.world, stage.log.server) = (second.world, 1)
    let cursor = { stage.hub.rooms[room]?.cursor.last ?? 0 }
    for _ in 0..<3_000 where cursor() == 60 { stage.time.run(for: 1) }
    #expect(cursor() < had.count, "the room has gone back behind him")
    bob.reads = true
    bob.drain()
    (stage.log.world, stage.log.server) = (third.world, 2)
    stage.time.run(for: 12_000)
    #expect(bob.outcome != nil)
    stage.broker.publish([try third.say("\(end + 1)", in: room)])
    stage.time.run(for: 3_000)
    #expect(live.seqs(room) == Array(21...60) + [end + 1])
    #expect(bob.seqs(room) == Array(2...end + 1))
  }
}
