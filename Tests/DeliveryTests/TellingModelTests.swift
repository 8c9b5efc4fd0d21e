import ChatCore
import MemoryAdapters
import TestKit
import Testing

@testable import Delivery

/// A room that tells two at a time, played at random beside what each session should have heard.
@Suite struct TellingModelTests {
  private struct Listener {
    let ear: Ear
    let user: User
    let have: Int64
    var isGone = false
  }

  @Test(arguments: UInt64(1)...40)
  func `whoever comes, goes, is removed and comes back is told once and in order what was his`(seed: UInt64) throws {
    var dice = SeededDice(seed: seed)
    var limits = DeliveryLimits()
    limits.toldPerTurn = 2
    limits.toldAtOnceMax = 2
    limits.tellingsMax = 4
    let stage = try HubStage(limits: limits)
    let room = try stage.group()
    var head: Int64 = 1
    // From which entry on bob was not there, and from which he was again.
    var absences: [(left: Int64, joined: Int64)] = []
    var listeners: [Listener] = []
    var late: [[Entry]] = []
    var isIn: Bool { (absences.last?.joined ?? 0) != .max }
    func told(_ entries: [Entry]) {
      head = max(head, entries.last { $0.conversation == room }?.seq ?? 0)
      if dice.next() % 4 == 0 { late.append(entries) } else { stage.broker.publish(entries) }
    }
    for step in 1...150 {
      switch dice.next() % 16 {
      case 0...3:
        let user = isIn && dice.next() % 2 == 0 ? stage.bob : stage.ada
        let ear = stage.session(of: user, signIn: Int64(step))
        listeners.append(Listener(ear: ear, user: user, have: head))
        stage.resume(ear, have: [room: head])
        stage.time.run(for: Int64(dice.next() % 4))
      case 4 where !listeners.isEmpty:
        let place = Int(dice.next() % UInt64(listeners.count))
        if let seat = listeners[place].ear.seat { stage.hub.detach(seat) }
        listeners[place].isGone = true
      case 5 where isIn:
        let left = try stage.change(room, .remove, of: stage.bob, by: stage.ada)
        told(left)
        absences.append((head, .max))
      case 6, 7:
        guard !isIn else { continue }
        let joined = try stage.change(room, .put(nil), of: stage.bob, by: stage.ada)
        told(joined)
        absences[absences.count - 1].joined = head
      case 8...12: told([try stage.say("\(step)", in: room)])
      case 13 where !late.isEmpty: stage.broker.publish(late.removeFirst())
      default: stage.time.run(for: Int64(dice.next() % 3))
      }
    }
    stage.time.run(for: 10_000)
    for listener in listeners {
      let isBob = listener.user.id == stage.bob.id
      let his = ((listener.have + 1)..<(head + 1)).filter { seq in
        !isBob || !absences.contains { $0.left < seq && seq < $0.joined }
      }
      let heard = listener.ear.seqs(room)
      if listener.isGone { #expect(his.starts(with: heard)) } else { #expect(heard == his) }
    }
    #expect(head > 20 && listeners.count > 10)
  }
}
