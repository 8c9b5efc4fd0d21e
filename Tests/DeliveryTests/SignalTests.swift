import ChatCore
import Delivery
import MemoryAdapters
import TestKit
import Testing

@Suite struct SignalTests {
  @Test func `signing out ends the sessions that speak through that sign-in session`() throws {
    let stage = try HubStage()
    let (phone, laptop) = (stage.session(of: stage.bob, signIn: 1), stage.session(of: stage.bob, signIn: 2))
    stage.broker.announce(.signedOut(stage.bob.id, sessions: [SessionID(rawValue: 2)]))
    #expect(phone.ended == nil)
    #expect(laptop.ended == .signedOut)
  }

  @Test func `signing out everywhere ends all of the user's sessions and nobody else's`() throws {
    let stage = try HubStage()
    let (phone, laptop) = (stage.session(of: stage.bob, signIn: 1), stage.session(of: stage.bob, signIn: 2))
    let ada = stage.session(of: stage.ada, signIn: 3)
    stage.broker.announce(.signedOut(stage.bob.id, sessions: []))
    #expect(phone.ended == .signedOut)
    #expect(laptop.ended == .signedOut)
    #expect(ada.ended == nil)
  }

  @Test func `a sign-out whose signal was lost is found within half a minute`() throws {
    let stage = try HubStage()
    let (world, user) = (stage.world, stage.bob.id)
    let opened = stage.time.finish { try? await world.open(user: user, device: nil, nonce: [], most: 9) }
    let signIn = try #require(opened ?? nil).id
    let bob = stage.session(of: stage.bob, signIn: signIn.rawValue)
    stage.time.run(for: 60_000)
    #expect(bob.ended == nil)
    _ = stage.time.finish { try? await world.end(signIn, of: user) }
    stage.time.run(for: 31_000)
    #expect(bob.ended == .signedOut)
  }

  @Test func `typing reaches the members of the room, encoded once, and no others`() throws {
    let stage = try HubStage()
    let eve = try stage.register("eve")
    let room = try stage.group()
    let (ada, stranger) = (try stage.listener(stage.ada), try stage.listener(eve))
    stage.broker.announce(.typing(room, Author(id: stage.bob.id, username: "bob")))
    #expect(ada.heard.count == 1)
    #expect(stranger.heard.isEmpty)
  }

  @Test func `what foreign wires tell a room is told up to a number of sessions, what nodes ask each other always`()
    throws
  {
    var limits = DeliveryLimits()
    limits.crowdAbove = 2
    let stage = try HubStage(limits: limits)
    let room = try stage.group()
    let first = try stage.listener(stage.ada)
    func tell(_ audience: Audience) throws {
      let relay = try #require(Relay(to: .conversation(room), wire: "x", audience: audience, body: "{}"))
      stage.broker.announce(.relayed(relay))
    }
    _ = try stage.listener(stage.bob)
    try tell(.inside(room))
    #expect(first.heard.count == 1)
    _ = try stage.listener(stage.bob)
    try tell(.inside(room))
    try tell(.others(than: stage.bob.id))
    #expect(first.heard.count == 1)
    try tell(.everyone)
    #expect(first.heard.count == 2)
  }
}
