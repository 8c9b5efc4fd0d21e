import ChatCore
import Delivery
import TestKit
import Testing

/// Somebody has taken rows out of a log, which numbers its entries without holes.
@Suite struct RoomHoleTests {
  private static func stage(
    saying count: Int, without missing: Set<Int64>, pageEntries: Int = 4,
    _ adjust: (inout DeliveryLimits) -> Void = { _ in }
  ) throws -> (HubStage, ConversationID) {
    var limits = DeliveryLimits()
    limits.pageEntries = pageEntries
    adjust(&limits)
    // Their sign-ins are none.
    limits.signOutCheckEvery = 3_600_000
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

  /// Seventeen kept sessions for ever, and fewer for some seconds each, at every resume.
  @Test(arguments: [4, 32])
  func `two sessions come through fifty holes, and whoever comes later at once`(pageEntries: Int) throws {
    let missing = Set((0..<50).map { 5 + 6 * Int64($0) })
    let (stage, room) = try Self.stage(saying: 310, without: missing, pageEntries: pageEntries)
    let ears = [2, 100].map { (have: Int64) in
      let ear = stage.session(of: stage.bob)
      stage.resume(ear, have: [room: have])
      return (have, ear)
    }
    stage.time.run(for: pageEntries == 4 ? 20_000 : 4_000)
    for (have, ear) in ears {
      #expect(ear.outcome != nil)
      #expect(ear.seqs(room) == (have + 1...311).filter { !missing.contains($0) }, "from \(have)")
    }
    #expect(stage.hub.report.passedOver == 50)
    let failed = stage.hub.report.failedReads
    let later = stage.session(of: stage.bob)
    stage.resume(later, have: [room: 3])
    stage.time.run(for: 500)
    #expect(later.seqs(room) == (4...311).filter { !missing.contains($0) })
    #expect(stage.hub.report.failedReads == failed)
    #expect(stage.hub.report.passedOver == 50)
  }

  @Test func `sessions on pages with a hole each come through, more than are remembered`() throws {
    let missing = Set((0..<480).map { 241 + 2 * Int64($0) })
    let (stage, room) = try Self.stage(saying: 1_210, without: missing)
    let ears = (0..<20).map { number in
      let ear = stage.session(of: stage.bob)
      stage.resume(ear, have: [room: 250 + 40 * Int64(number)])
      return ear
    }
    stage.time.run(for: 300_000)
    #expect(ears.map { $0.outcome != nil } == ears.map { _ in true })
    #expect(ears.map { $0.seqs(room).last } == ears.map { _ in 1_211 })
  }

  @Test func `what a copy lacks is read from the log before it is believed`() throws {
    let (stage, room) = try Self.stage(saying: 30, without: [])
    stage.log.missingInCopy = [5, 6, 14]
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 3])
    stage.time.run(for: 5_000)
    #expect(bob.seqs(room) == Array(4...31))
    #expect(!stage.log.pastHeads.isEmpty)
    #expect(stage.hub.report.passedOver == 0)
  }

  /// A page of the past that was short for its holes was taken for the end of the log: what was held from behind it was
  /// let go, and told a second or two later.
  @Test func `who reads the past lets go of nothing that was held from behind it`() throws {
    let (stage, room) = try Self.stage(saying: 18, without: [13, 14], pageEntries: 8) {
      // Neither a hold nor a comparison ends before the read has.
      ($0.holdFor, $0.headCheckEvery) = (5_000, 60_000)
    }
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 3])
    stage.time.run(for: 5_000)
    #expect(bob.seqs(room).last == 19)
    let other = stage.session(of: stage.bob)
    let (before, failures) = (stage.log.pastHeads.count, stage.hub.report.failedReads)
    stage.log.isAway = true
    stage.resume(other, have: [room: 11])
    while stage.hub.report.failedReads == failures { stage.time.run(for: 1) }
    stage.log.isAway = false
    let (first, second) = (try stage.say("20", in: room), try stage.say("21", in: room))
    stage.broker.publish([second])
    stage.time.run(for: 500)
    #expect(stage.log.pastHeads.dropFirst(before) == [19, 19], "the second one is short, and known to be")
    #expect(other.seqs(room) == [12, 15, 16, 17, 18, 19])
    stage.broker.publish([first])
    #expect(bob.seqs(room).suffix(2) == [20, 21])
    #expect(other.seqs(room).suffix(2) == [20, 21])
    #expect(stage.hub.report.refused == 0)
  }

  /// His resume was never answered: the log ends before its head, which no page says.
  @Test(arguments: [0, 3, 20, 60, 90, 120, 250] as [Milliseconds])
  func `one who resumes is answered when the newest were taken out before the room had them`(
    after delay: Milliseconds
  ) throws {
    let (stage, room) = try Self.stage(saying: 8, without: [10, 11])
    let ada = try stage.listener(stage.ada)
    for text in ["10", "11"] { try stage.say(text, in: room) }
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 7])
    stage.time.run(for: delay)
    // Stored meanwhile, and told to nobody.
    try stage.say("12", in: room)
    stage.time.run(for: 5_000)
    #expect(bob.outcome != nil)
    #expect(bob.seqs(room) == [8, 9, 12])
    #expect(ada.seqs(room).last == 12)
    stage.broker.publish([try stage.say("13", in: room)])
    #expect(bob.seqs(room) == [8, 9, 12, 13])
  }

  @Test func `a resume is answered though nothing comes after the newest that were taken out`() throws {
    let (stage, room) = try Self.stage(saying: 8, without: [10, 11])
    _ = try stage.listener(stage.ada)
    for text in ["10", "11"] { try stage.say(text, in: room) }
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 7])
    stage.time.run(for: 2_000)
    #expect(bob.outcome != nil)
    #expect(bob.seqs(room) == [8, 9])
    #expect(stage.hub.report.passedOver == 1)
    stage.broker.publish([try stage.say("12", in: room)])
    #expect(bob.seqs(room) == [8, 9, 12])
  }

  /// He stayed away from the room for good: nothing had said that he is back.
  @Test(arguments: [0, 4]) func `one who came back in a hole has his seat`(since count: Int) throws {
    let (stage, room) = try Self.stage(saying: 3, without: [7])
    _ = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
    try stage.say("away", in: room)
    _ = try stage.change(room, .put(nil), of: stage.bob, by: stage.ada)
    for number in 0..<count { try stage.say("\(number)", in: room) }
    let bob = stage.session(of: stage.bob)
    stage.resume(bob, have: [room: 2])
    stage.time.run(for: 5_000)
    #expect(bob.outcome != nil)
    #expect(!bob.seqs(room).contains(6))
    let on = try stage.say("on", in: room)
    stage.broker.publish([on])
    #expect(bob.seqs(room).last == on.seq)
  }
}
