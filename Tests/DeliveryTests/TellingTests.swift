import ChatCore
import MemoryAdapters
import TestKit
import Testing

@testable import Delivery

/// Crowds are told over several turns of the loop.
@Suite struct TellingTests {
  private func stage() throws -> (HubStage, ConversationID) {
    var limits = DeliveryLimits()
    limits.toldPerTurn = 2
    limits.toldAtOnceMax = 2
    limits.tellingsMax = 3
    let stage = try HubStage(limits: limits)
    return (stage, try stage.group())
  }

  private func told(_ ears: [Ear], _ room: ConversationID, _ seq: Int64) -> Int {
    ears.count { $0.seqs(room).contains(seq) }
  }

  @Test func `so many are told in one turn, the others in the next ones, and each has all in order`() throws {
    let (stage, room) = try stage()
    let ears = try (1...5).map { try stage.listener(stage.bob, signIn: $0) }
    stage.broker.publish([try stage.say("1", in: room), try stage.say("2", in: room)])
    #expect(told(ears, room, 2) == 2)
    #expect(told(ears, room, 3) == 0)
    // With a rest between, but none while another entry waits.
    stage.time.run(for: 1)
    #expect(told(ears, room, 2) == 5)
    #expect(told(ears, room, 3) == 0)
    stage.time.run(for: 1)
    #expect(told(ears, room, 3) == 2)
    stage.time.run(for: 2)
    #expect(ears.allSatisfy { $0.seqs(room) == [2, 3] })
    #expect(stage.hub.report.ages.count == 2)
    #expect(stage.hub.report.delivered == 10)
  }

  @Test func `who comes between two turns is told what comes after him, and nothing twice`() throws {
    let (stage, room) = try stage()
    let ears = try (1...5).map { try stage.listener(stage.bob, signIn: $0) }
    stage.broker.publish([try stage.say("1", in: room)])
    let late = stage.session(of: stage.ada)
    let seat = try #require(late.seat)
    stage.hub.join(seat, room, have: 2, head: 2)
    let behind = stage.session(of: stage.ada)
    stage.hub.join(try #require(behind.seat), room, have: 1, head: 2)
    #expect(told(ears, room, 2) == 2)
    stage.broker.publish([try stage.say("2", in: room)])
    stage.time.run(for: 20)
    #expect(ears.allSatisfy { $0.seqs(room) == [2, 3] })
    #expect(late.seqs(room) == [3])
    #expect(behind.seqs(room) == [2, 3])
  }

  @Test func `who is removed between two turns is told what came before, his removal, and nothing after it`() throws {
    let (stage, room) = try stage()
    let bobs = try (1...3).map { try stage.listener(stage.bob, signIn: $0) }
    let adas = try (4...6).map { try stage.listener(stage.ada, signIn: $0) }
    stage.broker.publish([try stage.say("1", in: room)])
    stage.broker.publish(try stage.change(room, .remove, of: stage.bob, by: stage.ada))
    #expect(bobs.allSatisfy { $0.seqs(room) == [2, 3] })
    #expect(told(adas, room, 2) == 0)
    stage.broker.publish([try stage.say("secret", in: room)])
    stage.time.run(for: 20)
    #expect(bobs.allSatisfy { $0.seqs(room) == [2, 3] })
    #expect(adas.allSatisfy { $0.seqs(room) == [2, 3, 4] })
  }

  @Test func `who hangs up between two turns is told nothing more, and the others all the same`() throws {
    let (stage, room) = try stage()
    let ears = try (1...6).map { try stage.listener(stage.bob, signIn: $0) }
    stage.broker.publish([try stage.say("1", in: room)])
    for place in [0, 3] { stage.hub.detach(try #require(ears[place].seat)) }
    stage.time.run(for: 20)
    #expect(ears.map { $0.seqs(room).count } == [1, 1, 1, 0, 1, 1])
  }

  @Test func `when too many entries wait the oldest are told at once`() throws {
    let (stage, room) = try stage()
    let ears = try (1...5).map { try stage.listener(stage.bob, signIn: $0) }
    stage.broker.publish(try (1...6).map { try stage.say("\($0)", in: room) })
    #expect(ears.allSatisfy { $0.seqs(room).starts(with: [2, 3, 4]) })
    #expect(told(ears, room, 7) == 0)
    stage.time.run(for: 20)
    #expect(ears.allSatisfy { $0.seqs(room) == Array(2...7) })
  }

  @Test(arguments: UInt64(1)...20)
  func `each is told once and in order what comes while he is there, whoever else comes and goes`(seed: UInt64) {
    var dice = SeededDice(seed: seed)
    let id = ConversationID(rawValue: 5_121)
    var audience = Audience()
    var heard: [HubSession: [Int64]] = [:]
    var since: [HubSession: Int64] = [:]
    var seq: Int64 = 0
    func check(_ session: HubSession) {
      #expect(heard[session] ?? [] == Array(((since[session] ?? 0) + 1)..<(seq + 1)))
    }
    for _ in 1...400 {
      switch dice.next() % 8 {
      case 0...2:
        let session = HubSession(
          user: UserID(rawValue: 1), signIn: SessionID(rawValue: 1), ownConversation: id, format: .plain,
          showsPresence: false, port: Ear())
        since[session] = seq
        audience.add(session, in: id)
      case 3 where !audience.members.isEmpty:
        let place = Int(dice.next() % UInt64(audience.members.count))
        let session = audience.members[place]
        for entry in audience.missing(at: place) { heard[session, default: []].append(entry.seq) }
        audience.remove(at: place, in: id)
        check(session)
        #expect(session.seat(in: id) == nil)
      case 4 where audience.waiting < 4:
        seq += 1
        let entry = Entry(
          conversation: id, seq: seq, id: EntryID(rawValue: 0), createdAt: Timestamp(milliseconds: 0),
          author: Author(id: UserID(rawValue: 1), username: "ada"), event: .unknown(code: 0))
        audience.tell(EncodedEntry(entry))
      default:
        guard let (entry, places, _) = audience.next(atMost: 2) else { continue }
        for session in audience.members[places] { heard[session, default: []].append(entry.seq) }
      }
      for (place, session) in audience.members.enumerated() { #expect(session.seat(in: id) == .live(place)) }
    }
    while let (entry, places, _) = audience.next(atMost: 2) {
      for session in audience.members[places] { heard[session, default: []].append(entry.seq) }
    }
    #expect(seq > 10 && audience.members.count > 10)
    for session in audience.members { check(session) }
  }
}
