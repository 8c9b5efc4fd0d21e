import ChatCore
import Delivery
import TestKit
import Testing

/// One comparison of heads for all loops of a node.
@Suite struct HeadRoundTests {
  @Test func `what is lost in a bucket that one loop has just come to follow is found within its own period`() throws {
    var limits = DeliveryLimits()
    limits.signOutCheckEvery = 1 << 40
    let stage = try HubStage(limits: limits)
    let round = HeadRound()
    let late = Hub(
      ports: VirtualLoop(time: stage.time, seed: 2), broker: HandBroker(), log: stage.log, conversations: stage.world,
      contacts: stage.world, signIns: stage.world, limits: limits)
    late.start()
    for hub in [stage.hub, late] { hub.share(round) { $0() } }
    func listens(_ user: User, _ hub: Hub) -> Ear {
      let ear = Ear()
      let seat = hub.attach(
        ear, user: user.id, signIn: SessionID(rawValue: 1), ownConversation: user.ownConversation, format: .plain)
      hub.resume(seat, heads: [:]) { _ in }
      return ear
    }
    _ = listens(stage.bob, stage.hub)
    for number in 0..<20 {
      let user = try stage.register("late\(number)")
      let room = try stage.group(members: [user])
      let ear = listens(user, late)
      stage.time.run(for: 60)
      try stage.say("lost", in: room)
      stage.time.run(for: 1_050)
      #expect(ear.seqs(room) == [2])
    }
  }

  @Test func `the loops of a node share one comparison, whichever of them asks`() throws {
    var limits = DeliveryLimits()
    // Their sign-ins are made up.
    limits.signOutCheckEvery = 1 << 40
    let stage = try HubStage(limits: limits)
    let room = try stage.neighbours(6)
    let round = HeadRound()
    let hubs =
      [stage.hub]
      + (2...4).map { seed in
        Hub(
          ports: VirtualLoop(time: stage.time, seed: seed), broker: HandBroker(), log: stage.log,
          conversations: stage.world, contacts: stage.world, signIns: stage.world, limits: limits)
      }
    let ears = hubs.map { hub in
      let ear = Ear()
      if hub !== stage.hub { hub.start() }
      hub.share(round) { $0() }
      let seat = hub.attach(
        ear, user: stage.bob.id, signIn: SessionID(rawValue: 1), ownConversation: stage.bob.ownConversation,
        format: .plain)
      hub.resume(seat, heads: [:]) { _ in }
      return ear
    }
    stage.time.run(for: 4_000)
    let (counters, heads, entries) = (stage.log.counterStatements, stage.log.headStatements, stage.log.entryStatements)
    stage.time.run(for: 10_000)
    #expect((10...14).contains(stage.log.counterStatements - counters))
    try stage.say("lost", in: room)
    stage.time.run(for: 1_300)
    for ear in ears { #expect(ear.seqs(room) == [2]) }
    #expect(stage.log.entryStatements == entries + 1 && stage.log.headStatements == heads)
    // The others go on without the one that has gone, and each by itself when a question failed.
    stage.hub.stop()
    stage.log.isAway = true
    stage.time.run(for: 3_000)
    stage.log.isAway = false
    try stage.say("again", in: room)
    stage.time.run(for: 5_000)
    for ear in ears.dropFirst() { #expect(ear.seqs(room) == [2, 3]) }
  }

  /// Loops of a node, each with a log of its own of one world, and an ear in one room.
  private struct Loops {
    let stage: HubStage
    let room: ConversationID
    var logs: [SlowLog] = []
    var hubs: [Hub] = []
    var ears: [Ear] = []

    init(_ count: Int, seed: UInt64) throws {
      var limits = DeliveryLimits()
      limits.signOutCheckEvery = 1 << 40
      stage = try HubStage(limits: limits)
      room = try stage.group()
      let round = HeadRound()
      for number in 0..<count {
        let log = SlowLog(stage.world, stage.time)
        let hub = Hub(
          ports: VirtualLoop(time: stage.time, seed: seed * 16 + UInt64(number)), broker: HandBroker(), log: log,
          conversations: stage.world, contacts: stage.world, signIns: stage.world, limits: limits)
        let ear = Ear()
        hub.share(round) { $0() }
        hub.start()
        let seat = hub.attach(
          ear, user: stage.bob.id, signIn: SessionID(rawValue: 1), ownConversation: stage.bob.ownConversation,
          format: .plain)
        hub.resume(seat, heads: [:]) { _ in }
        logs.append(log)
        hubs.append(hub)
        ears.append(ear)
      }
    }

    var asked: Int { logs.reduce(0) { $0 + $1.counterStatements } }
  }

  @Test(arguments: 1...8)
  func `however many loops' questions hang, the one that is answered tells all, those too`(
    seed: UInt64
  ) throws {
    let loops = try Loops(4, seed: seed)
    let time = loops.stage.time
    time.run(for: 3_000 + Milliseconds(seed) * 37)
    for (number, log) in loops.logs.enumerated() where number != Int(seed % 4) { log.hangsFor = 20_000 }
    // The worst moment: somebody's question has just begun to hang.
    let before = loops.asked
    while loops.asked == before { time.run(for: 1) }
    try loops.stage.say("lost", in: loops.room)
    // Three may hang one after the other, each waited for twice as long.
    time.run(for: 750 + 1_500 + 3_000 + 100)
    for ear in loops.ears { #expect(ear.seqs(loops.room) == [2], "seed \(seed)") }
    for log in loops.logs { log.hangsFor = 0 }
    time.run(for: 25_000)
    let calm = loops.asked
    time.run(for: 10_000)
    #expect((9...16).contains(loops.asked - calm), "one of them asks, once a second, seed \(seed)")
    for hub in loops.hubs { hub.stop() }
  }

  @Test(arguments: 1...20)
  func `when one loop's question hangs another asks within a second`(seed: UInt64) throws {
    let loops = try Loops(3, seed: seed)
    let time = loops.stage.time
    time.run(for: 3_000 + Milliseconds(seed) * 37)
    // Whoever asks next hangs, and the others do not.
    for log in loops.logs { log.hangsFor = 5_000 }
    let before = loops.asked
    while loops.asked == before { time.run(for: 1) }
    for log in loops.logs { log.hangsFor = 0 }
    try loops.stage.say("lost", in: loops.room)
    time.run(for: 1_000)
    for ear in loops.ears { #expect(ear.seqs(loops.room) == [2], "seed \(seed)") }
    for hub in loops.hubs { hub.stop() }
  }

  @Test func `a database that answers nobody is asked by one loop after the other, not by all at once`() throws {
    let loops = try Loops(8, seed: 1)
    let time = loops.stage.time
    time.run(for: 3_000)
    for log in loops.logs { log.hangsFor = 60_000 }
    let before = loops.asked
    while loops.asked == before { time.run(for: 1) }
    time.run(for: 5_000)
    #expect(loops.asked - before == 3, "after 750 ms and 1,500 more")
    for hub in loops.hubs { hub.stop() }
  }

  @Test(arguments: 1...12)
  func `what is lost in a bucket that a loop comes to follow while its question hangs, the others ask for`(
    seed: UInt64
  ) throws {
    let loops = try Loops(3, seed: seed)
    let (stage, time) = (loops.stage, loops.stage.time)
    time.run(for: 3_000 + Milliseconds(seed) * 37)
    for log in loops.logs { log.hangsFor = 10_000 }
    let before = loops.logs.map(\.counterStatements)
    while loops.logs.map(\.counterStatements) == before { time.run(for: 1) }
    for log in loops.logs { log.hangsFor = 0 }
    let hanging = try #require(loops.logs.indices.first { loops.logs[$0].counterStatements != before[$0] })
    let user = try stage.register("late")
    let room = try stage.group(members: [user])
    let ear = Ear()
    let seat = loops.hubs[hanging].attach(
      ear, user: user.id, signIn: SessionID(rawValue: 1), ownConversation: user.ownConversation, format: .plain)
    loops.hubs[hanging].resume(seat, heads: [:]) { _ in }
    time.run(for: 300)
    try stage.say("lost", in: room)
    // Until it has said what it follows, and then until somebody's time to ask has come.
    time.run(for: 2_000)
    #expect(ear.seqs(room) == [2], "seed \(seed)")
    for hub in loops.hubs { hub.stop() }
  }
}
