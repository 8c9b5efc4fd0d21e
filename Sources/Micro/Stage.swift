import ChatCore
import Delivery
import MemoryAdapters
import Realtime
import TestKit
import WebSocket

/// A hub with one room in memory, and sessions that count the bytes of their frames.
final class Stage: Broker, @unchecked Sendable {
  /// Why there is no stage.
  struct NotSet: Error {}

  private let time = VirtualTime()
  private var hub: Hub?
  private weak var receiver: (any BrokerReceiver)?
  private var ears: [Ear] = []
  private var room = ConversationID(rawValue: 0)
  private var head: Int64 = 0
  /// How long it takes until the last of the room has been told.
  private let telling: Milliseconds

  /// One room with so many sessions, each format in turn.
  init(sessions: Int, formats: [WireFormat]) throws {
    let time = time
    let world = MemoryWorld(clock: VirtualClock(time))
    var limits = DeliveryLimits()
    // What is done now and then is not what a message costs.
    (limits.headCheckEvery, limits.signOutCheckEvery) = (1 << 40, 1 << 40)
    telling = Milliseconds(sessions / limits.toldPerTurn) * limits.tellingRest
    let hub = Hub(
      ports: VirtualLoop(time: time, seed: 1), broker: self, log: world, conversations: world, contacts: world,
      signIns: world, limits: limits)
    self.hub = hub
    let made = time.finish { () async -> (user: User, room: ConversationID)? in
      let new = NewUser(username: Username(stored: "ada"), displayName: "ada", email: nil, passwordHash: "")
      guard let ada = try? await world.register(new) else { return nil }
      let room = try? await world.create(.group, title: "Room", owner: ada, members: [])
      return room.map { (ada, $0.conversation.id) }
    }
    guard let made, let made else { throw NotSet() }
    room = made.room
    head = 1
    hub.start()
    for number in 0..<sessions {
      let ear = Ear()
      ears.append(ear)
      let seat = hub.attach(
        ear, user: made.user.id, signIn: SessionID(rawValue: 1), ownConversation: made.user.ownConversation,
        format: formats[number % formats.count])
      seat.line = ear
      hub.resume(seat, heads: [:]) { _ in }
      time.run(for: 1)
    }
    time.run(for: 100)
    say(times: 1)
    guard ears.allSatisfy({ $0.frames == 1 }) else { throw NotSet() }
  }

  /// So many messages come from another node, and go to all.
  func say(times: Int) {
    for _ in 0..<times {
      head += 1
      receiver?.received([Stage.entry(head, in: room)])
      if telling > 0 { time.run(for: telling) }
    }
  }

  /// A message as a store has it.
  static func entry(_ seq: Int64, in room: ConversationID = ConversationID(rawValue: Fed.conversation)) -> Entry {
    let author = Author(id: UserID(rawValue: 4_097), username: "ada")
    let moment = Timestamp(milliseconds: 1_795_297_663_123)
    let id = EntryID(rawValue: 4_096 * (1_000 + seq) + Fed.conversation % 4_096)
    let message = Message(
      id: id, conversation: room, seq: seq, sender: author, type: .text, text: Fed.text, clientMessageID: "c-12345",
      replyTo: nil, createdAt: moment)
    return Entry(
      conversation: room, seq: seq, id: id, createdAt: moment, author: author, event: .messageCreated(message))
  }

  // MARK: Broker

  func attach(_ receiver: any BrokerReceiver) { self.receiver = receiver }
  func follow(_ topic: Topic) { receiver?.following(topic) }
  func unfollow(_ topic: Topic) {}
  func publish(_ entries: [Entry]) {}
  func announce(_ signal: Signal) {}
}

/// A session whose transport has taken everything at once.
private final class Ear: SessionPort, FrameLine {
  private(set) var frames = 0
  private(set) var bytes = 0
  var queuedBytes: Int { 0 }

  func deliver(_ frame: EncodedFrame) -> Int {
    deliver(framed: frame.framed { FrameWriter.frame(.text, $0) })
  }

  func deliver(framed frame: [UInt8]) -> Int {
    frames &+= 1
    bytes &+= frame.count
    return 0
  }

  var behind: UnsafeRawPointer { UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque()) }

  func end(_ reason: EndReason) {}
}

/// One event to many sessions.
extension Case {
  static var fanOut: [Case] {
    [
      Case(name: "fan-out-1000", unit: "a message goes to a room of 1,000 native sessions") {
        let stage = try Stage(sessions: 1_000, formats: [.native])
        return { stage.say(times: $0) }
      },
      Case(name: "fan-out-mixed", unit: "a message goes to 1,000 sessions, every other one of Socket.IO") {
        let stage = try Stage(sessions: 1_000, formats: [.native, .socketIO])
        return { stage.say(times: $0) }
      },
      Case(name: "fan-out-1", unit: "a message goes to a room of one session") {
        let stage = try Stage(sessions: 1, formats: [.native])
        return { stage.say(times: $0) }
      },
    ]
  }
}
