import ChatCore
import Delivery
import MemoryAdapters
import TestKit
import Testing

@Suite struct RoomTests {
  @Test func `an entry reaches every session of the room, encoded once`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let (ada, bob) = (try stage.listener(stage.ada), try stage.listener(stage.bob))
    stage.broker.publish([try stage.say("hi", in: room)])
    #expect(ada.seqs(room) == [2])
    #expect(bob.seqs(room) == [2])
    #expect(stage.log.pagesRead == 0)
  }

  @Test func `each session is told in its own format, however they are mixed`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let deaf = WireFormat(name: "deaf", entry: { _ in nil }, signal: { _ in nil })
    let formats = [named("a"), named("b"), named("c"), deaf, named("d")]
    // Runs of one and of many, two and more in turns, a deaf one first, last and in between.
    let order = [3, 0, 1, 0, 1, 2, 0, 3, 1, 1, 3, 3, 2, 4, 4, 0] + Array(repeating: 2, count: 70) + [0, 4, 2, 3]
    let ears = try order.map { place in
      let ear = stage.session(of: stage.bob, format: formats[place])
      stage.resume(ear)
      stage.time.run(for: 20)
      _ = try #require(ear.outcome)
      return ear
    }
    stage.broker.publish([try stage.say("hi", in: room)])
    for (place, ear) in zip(order, ears) {
      #expect(ear.heard == (place == 3 ? [] : ["\(formats[place].name) 2"]))
    }
  }

  private func named(_ name: String) -> WireFormat {
    WireFormat(name: name, entry: { Array("\(name) \($0.seq)".utf8) }, signal: { _ in nil })
  }

  @Test(arguments: [(1, 2), (2, 0)])
  func `many are told in one line, entries and signals, a few before them`(above: Int, crowds: Int) throws {
    var limits = DeliveryLimits()
    limits.toldFirstMax = above
    let stage = try HubStage(limits: limits)
    let room = try stage.group()
    let ears = [try stage.listener(stage.ada), try stage.listener(stage.bob)]
    stage.broker.publish([try stage.say("hi", in: room)])
    stage.broker.announce(.read(room, stage.bob.id, seq: 2))
    #expect(ears.allSatisfy { $0.heard.count == 2 })
    #expect(stage.loop.crowdsTold == crowds)
  }

  @Test func `an entry that comes twice is delivered once`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    let entry = try stage.say("hi", in: room)
    stage.broker.publish([entry, entry])
    stage.broker.publish([entry])
    stage.time.run(for: 3_000)
    #expect(bob.seqs(room) == [2])
    #expect(stage.hub.report.duplicates == 2)
  }

  @Test func `entries in swapped order are put in order without asking the log`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    let (first, second) = (try stage.say("1", in: room), try stage.say("2", in: room))
    stage.broker.publish([second])
    #expect(bob.seqs(room).isEmpty)
    stage.time.run(for: 40)
    stage.broker.publish([first])
    #expect(bob.seqs(room) == [2, 3])
    stage.time.run(for: 500)
    #expect(stage.log.pagesRead == 0)
  }

  @Test func `a hole is read from the log when it is not filled in time`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    for text in ["1", "2", "3"] { try stage.say(text, in: room) }
    stage.broker.publish([try stage.say("4", in: room)])
    stage.time.run(for: 70)
    #expect(bob.seqs(room).isEmpty)
    stage.time.run(for: 30)
    #expect(bob.seqs(room) == [2, 3, 4, 5])
    #expect(stage.log.pagesRead == 1)
    #expect(stage.hub.report.repaired == 4)
  }

  @Test func `what three nodes have stored in turns, 256 each, is not read again when it is told in another order`()
    throws
  {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    var batches: [[Entry]] = []
    for _ in 0..<3 { batches.append(try (0..<256).map { try stage.say("\($0)", in: room) }) }
    for batch in batches.reversed() {
      #expect(bob.seqs(room).isEmpty)
      stage.broker.publish(batch)
      stage.time.run(for: 10)
    }
    #expect(bob.seqs(room) == Array(2...769))
    #expect(stage.log.pagesRead == 0)
    #expect(stage.hub.report.held == 512 && stage.hub.report.refused == 0)
  }

  @Test func `what all rooms hold together is bounded, and what was held makes room when it is told`() throws {
    var limits = DeliveryLimits()
    limits.heldBytesMax = 1_100
    let stage = try HubStage(limits: limits)
    let rooms = [try stage.group(), try stage.group()]
    let bob = try stage.listener(stage.bob)
    for turn in 1...2 {
      var early: [Entry] = []
      for room in rooms {
        try stage.say("lost", in: room)
        early += [try stage.say("1", in: room), try stage.say("2", in: room)]
      }
      stage.broker.publish(Array(early[..<2]))
      stage.broker.publish(Array(early[2...]))
      #expect(stage.hub.report.held == 2 * turn && stage.hub.report.refused == 2 * turn)
      stage.time.run(for: 2_000)
      for room in rooms { #expect(bob.seqs(room) == Array(2...Int64(3 * turn + 1))) }
    }
  }

  @Test func `a hole longer than a page is read page by page`() throws {
    var limits = DeliveryLimits()
    limits.pageEntries = 4
    let stage = try HubStage(limits: limits)
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    for count in 1...10 { try stage.say("\(count)", in: room) }
    stage.broker.publish([try stage.say("11", in: room)])
    stage.time.run(for: 200)
    #expect(bob.seqs(room) == Array(2...12))
  }

  @Test func `absurd numbers neither move the room nor stay in it`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    let real = try stage.say("hi", in: room)
    for seq in [0, -7, Int64.max, Int64.min, 1_000_000] {
      stage.broker.publish([
        Entry(
          conversation: room, seq: seq, id: real.id, createdAt: real.createdAt, author: real.author, event: real.event)
      ])
    }
    stage.time.run(for: 200)
    #expect(bob.seqs(room) == [2])
    #expect(stage.hub.report.refused == 5)
    stage.broker.publish([try stage.say("there", in: room)])
    #expect(bob.seqs(room) == [2, 3])
  }

  @Test func `a read that fails is repeated until the log answers`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    try stage.say("1", in: room)
    stage.log.isAway = true
    stage.broker.publish([try stage.say("2", in: room)])
    stage.time.run(for: 10_000)
    #expect(bob.seqs(room).isEmpty)
    #expect(stage.hub.report.failedReads > 3)
    #expect(stage.log.pagesRead < 20)
    stage.log.isAway = false
    stage.time.run(for: 2_100)
    #expect(bob.seqs(room) == [2, 3])
  }

  @Test func `a room that nobody needs is followed a while longer and then no more`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.hub.detach(try #require(bob.seat))
    stage.time.run(for: 9_000)
    #expect(stage.broker.unfollowed.isEmpty)
    stage.time.run(for: 3_000)
    #expect(stage.broker.unfollowed.contains(.conversation(room)))
    #expect(stage.broker.unfollowed.contains(.user(stage.bob.id)))
    #expect(stage.hub.report.rooms == 0)
    stage.broker.publish([try stage.say("hi", in: room)])
    #expect(bob.heard.isEmpty)
  }

  @Test func `a session that comes back within that while finds the room as it was`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.hub.detach(try #require(bob.seat))
    stage.time.run(for: 5_000)
    stage.broker.publish([try stage.say("hi", in: room)])
    let again = try stage.listener(stage.bob, have: [room: 1])
    #expect(again.seqs(room) == [2])
    #expect(stage.broker.followed.count { $0 == .conversation(room) } == 1)
  }

  @Test func `a room that is no one's any more lets its sessions go after saying so`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    let (world, ada) = (stage.world, stage.ada)
    let made = try #require(stage.time.finish { try? await world.delete(room, by: ada) } ?? nil)
    stage.broker.publish(made)
    #expect(bob.seqs(room) == [2])
    stage.time.run(for: 12_000)
    #expect(stage.broker.unfollowed.contains(.conversation(room)))
  }
}
