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
      signIns: stage.world, limits: limits)
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
          conversations: stage.world, signIns: stage.world, limits: limits)
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
}
