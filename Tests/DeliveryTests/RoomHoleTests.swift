import ChatCore
import Delivery
import TestKit
import Testing

/// Somebody has taken rows out of a log, which numbers its entries without holes.
@Suite struct RoomHoleTests {
  private static func stage(saying count: Int, without missing: Set<Int64>) throws -> (HubStage, ConversationID) {
    var limits = DeliveryLimits()
    limits.pageEntries = 4
    let stage = try HubStage(limits: limits)
    let room = try stage.group()
    for number in 0..<count { try stage.say("\(number)", in: room) }
    stage.log.missing = missing
    return (stage, room)
  }

  /// He waited for ever, and was told nothing of his other conversations either.
  @Test func `one who resumes from before them hears what stands behind them`() throws {
    let (stage, room) = try Self.stage(saying: 10, without: [5, 6, 9])
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 3])
    stage.time.run(for: 5_000)
    #expect(bob.outcome != nil)
    #expect(bob.seqs(room) == [4, 7, 8, 10, 11])
    #expect(stage.hub.report.passedOver == 2)
    #expect(stage.log.pagesRead < 20)
    stage.broker.publish([try stage.say("on", in: room)])
    #expect(bob.seqs(room).last == 12)
  }

  @Test func `several who resume from different places all come through`() throws {
    let (stage, room) = try Self.stage(saying: 30, without: [5, 6, 9, 20])
    let ears = [2, 4, 7, 12, 25].map { (have: Int64) in
      let ear = stage.session(of: stage.bob)
      stage.resume(ear, have: [room: have])
      return (have, ear)
    }
    stage.time.run(for: 20_000)
    for (have, ear) in ears {
      #expect(ear.outcome != nil)
      #expect(ear.seqs(room) == (have + 1...31).filter { ![5, 6, 9, 20].contains($0) }, "from \(have)")
    }
  }

  @Test func `who is there hears what stands behind them`() throws {
    let (stage, room) = try Self.stage(saying: 0, without: [3, 4])
    let bob = try stage.listener(stage.bob)
    for text in ["1", "2", "3", "4"] { try stage.say(text, in: room) }
    stage.broker.publish([try stage.say("5", in: room)])
    stage.time.run(for: 5_000)
    #expect(bob.seqs(room) == [2, 5, 6])
    stage.broker.publish([try stage.say("6", in: room)])
    #expect(bob.seqs(room).last == 7)
  }

  /// He was answered, and heard nothing of the conversation until he connected anew.
  @Test func `one who resumes from before the newest hears what comes after them`() throws {
    let (stage, room) = try Self.stage(saying: 10, without: [10, 11])
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 8])
    stage.time.run(for: 5_000)
    #expect(bob.outcome != nil)
    #expect(bob.seqs(room) == [9])
    stage.broker.publish([try stage.say("on", in: room)])
    #expect(bob.seqs(room) == [9, 12])
    #expect(stage.hub.report.passedOver == 1)
  }

  @Test func `a page that lacks entries once is read again`() throws {
    let (stage, room) = try Self.stage(saying: 10, without: [5, 6])
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 3])
    while stage.log.pagesRead < 1 { stage.time.run(for: 1) }
    stage.time.run(for: 2)
    stage.log.missing = []
    stage.time.run(for: 5_000)
    #expect(bob.seqs(room) == Array(4...11))
    #expect(stage.hub.report.passedOver == 0)
  }

  @Test func `the newest that are there at the second reading are told`() throws {
    let (stage, room) = try Self.stage(saying: 10, without: [10, 11])
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 8])
    while bob.outcome == nil { stage.time.run(for: 1) }
    stage.log.missing = []
    stage.time.run(for: 5_000)
    #expect(bob.seqs(room) == [9, 10, 11])
    #expect(stage.hub.report.passedOver == 0)
  }
}
