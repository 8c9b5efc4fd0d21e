import ChatCore
import MemoryAdapters
import TestKit
import Testing

@testable import Delivery

/// A hub between what anybody may publish in a shared Redis and clients that come, resume from anywhere, do not read
/// and go: nothing of it ends the process, and who comes afterwards hears what is said.
struct GarbageTests {
  private static var limits: DeliveryLimits {
    var limits = DeliveryLimits()
    (limits.heldEntriesMax, limits.heldBytesMax, limits.pageEntries) = (3, 600, 3)
    (limits.toldFirstMax, limits.toldAtOnceMax, limits.toldPerTurn, limits.tellingsMax) = (1, 2, 1, 2)
    (limits.sendQueueBytesMax, limits.catchUpBytesMax, limits.burstBytesMax) = (400, 200, 150)
    (limits.joinsPerTurn, limits.resumesAtOnceMax, limits.resumeEntriesMax, limits.watchedMax) = (1, 2, 20, 3)
    // Nobody here has signed in.
    limits.signOutCheckEvery = 1 << 40
    return limits
  }

  private let stage: HubStage
  private let rooms: [ConversationID]
  private let people: [User]
  private var ears: [Ear] = []
  private var dice = SeededDice(seed: 0)

  init() throws {
    stage = try HubStage(limits: Self.limits)
    people = [stage.ada, stage.bob, try stage.register("eve")]
    rooms =
      [try stage.group(), try stage.group("Other", members: [people[1], people[2]])] + people.map(\.ownConversation)
  }

  private mutating func seq() -> Int64 { dice.pick(of: [1, 2, 3, 4, 5, 7, 9, 30, 9_007_199_254_740_991]) ?? 1 }

  private mutating func event(in room: ConversationID) -> Event {
    let user = dice.pick(of: people) ?? stage.ada
    let (author, other) = (Author(id: user.id, username: "x"), dice.pick(of: rooms) ?? room)
    switch dice.pick(0...8) {
    case 0: return .joined(other, seq: seq())
    case 1: return .left(other, seq: seq())
    case 2: return .memberLeft(author)
    case 3: return .memberJoined(Member(user: user.id, username: "x", role: .member))
    case 4 where dice.once(in: 2): return .conversationDeleted
    case 5: return .unknown(code: 900)
    case 6:
      return .contactChanged(
        Contact(
          user: user.id, username: "x", state: nil, label: nil, isBlocked: true, timeoutUntil: nil, streak: nil,
          isInitiator: false, since: nil))
    default: return .conversationUpdated(title: "t", picture: nil)
    }
  }

  private mutating func entry() -> Entry {
    let room = dice.pick(of: rooms) ?? Lobby.id
    let time = Timestamp(milliseconds: dice.pick(of: [.min, 0, 1_700_000_000_000, .max]) ?? 0)
    return Entry(
      conversation: room, seq: seq(), id: EntryID(counter: 7, bucket: room.bucket), createdAt: time,
      author: Author(id: people[0].id, username: "ada"), event: event(in: room))
  }

  private mutating func signal() -> Signal {
    let (user, room) = ((dice.pick(of: people) ?? stage.ada).id, dice.pick(of: rooms) ?? Lobby.id)
    switch dice.pick(0...5) {
    case 0: return .signedOut(user, sessions: dice.once(in: 2) ? [] : [SessionID(rawValue: 1)])
    case 1 where dice.once(in: 4): return .accountGone(user)
    case 2: return .estranged(user, from: people[1].id)
    case 3: return .read(room, user, seq: seq())
    default: return .typing(room, Author(id: user, username: "x"))
    }
  }

  /// Somebody comes, on one of his devices, and has what he says.
  private mutating func come() {
    let ear = stage.session(of: dice.pick(of: people) ?? stage.ada, signIn: dice.pick(1...2))
    if dice.once(in: 3) { ear.reads = false }
    var have: [ConversationID: Int64] = [:]
    // One that is beyond its log's end is refused with all others.
    let most: Int64 = dice.once(in: 8) ? 40 : 2
    for room in rooms.prefix(2) where dice.once(in: 2) { have[room] = dice.pick(-1...most) }
    stage.resume(ear, have: have)
    if let seat = ear.seat, dice.once(in: 2) {
      _ = stage.hub.watch(seat, people.map(\.id), asOf: stage.hub.rightsMoment)
    }
    ears.append(ear)
  }

  private mutating func step() throws {
    switch dice.pick(0...9) {
    case 0...2: stage.broker.publish((0...dice.pick(0...4)).map { _ in entry() })
    case 3: stage.broker.announce(signal())
    case 4: for _ in 0...dice.pick(0...2) { come() }
    case 5:
      try stage.say(
        String(repeating: "x", count: Int(dice.pick(1...120))), in: rooms[Int(dice.pick(0...1))], by: stage.bob)
    case 6: if let seat = dice.pick(of: ears)?.seat { stage.hub.detach(seat) }
    case 7: for ear in ears where dice.once(in: 2) { ear.drain() }
    case 8: if dice.once(in: 2) { stage.broker.interrupt() } else { stage.broker.confirmAll() }
    default:
      stage.log.latency = dice.pick(of: [1, 30, 300]) ?? 1
      stage.time.run(for: dice.pick(of: [1, 20, 200, 3_000]) ?? 1)
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  mutating func `what nobody sends, among all that comes and goes`(_ seed: UInt64) throws {
    dice = SeededDice(seed: seed)
    for text in 0..<6 { try stage.say("\(text)", in: rooms[0], by: stage.bob) }
    for _ in 0..<300 { try step() }
    stage.log.latency = 1
    stage.broker.confirmAll()
    stage.time.run(for: 60_000)
    let dora = try stage.register("dora")
    let room = try stage.group("New", members: [dora])
    let ear = try stage.listener(dora)
    let said = try stage.say("now", in: room)
    stage.broker.publish([said])
    stage.time.run(for: 5_000)
    #expect(ear.seqs(room).last == said.seq)
    let report = stage.hub.report
    #expect(
      report.delivered > 0 && report.held > 0 && report.refused > 0 && report.resumed > 0 && report.duplicates > 0)
  }
}
