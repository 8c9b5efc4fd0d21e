import IORuntime
import JSONText

/// Coming and going.
extension Crew {
  /// Connects all that are down; `done` is called when each is in, or has failed for good.
  func connectAll(done: @escaping () -> Void) {
    entering.done = done
    for seat in seats where seat.state == .down { entering.waiting.append(seat.index) }
    connectMore()
  }

  func connectMore() {
    let most = max(1, order.scenario.connectInFlight / order.workers)
    while entering.underWay < most, let index = entering.takeFirst() {
      entering.underWay += 1
      connect(seats[index])
    }
    guard entering.isOver, let done = entering.done else { return }
    entering.done = nil
    loop.schedule(after: 0, done)
  }

  private func connect(_ seat: Seat) {
    let number = seat.index * order.workers + order.worker
    // Scattered: every n-th socket would put all of a room's users on one node.
    let scattered = Int(truncatingIfNeeded: (UInt64(number) &* 0x9E37_79B9_7F4A_7C15) &>> 33)
    let place = order.sockets[scattered % order.sockets.count]
    let source = order.sources.isEmpty ? nil : order.sources[number % order.sources.count]
    let token = tokens.isEmpty ? "" : tokens[seat.user]
    // The key of a handshake proves nothing about who asks; sixteen bytes of one letter are a good one.
    let request = order.wire.request(
      place, token: token, room: order.followed[seat.user].first ?? 0, key: "eHh4eHh4eHh4eHh4eHh4eA==")
    seat.connect(to: place, from: source, tls: tls, request: request)
  }

  func seatUpgraded(_ seat: Seat) {
    switch order.wire {
    case .native: resume(seat)
    case .socketio, .socketioPeer: break
    case .mqtt: seat.send(MQTTPacket.connect)
    case .xmpp: seat.send(XMPPStanza.open(order.scenario.peer.domain))
    case .plain:
      // A room in the path has been entered with the handshake.
      if !order.sockets.contains(where: \.namesRoom) { join(seat) }
      inRoom(seat)
    }
  }

  /// The target has greeted: an Engine.IO session is open, a broker has let in, an XMPP server has given an address.
  func opened(_ seat: Seat) {
    guard seat.state == .entering else { return }
    switch order.wire {
    case .mqtt, .xmpp: join(seat)
    case .socketioPeer: seat.send(Array("40".utf8))
    default: seat.send(Array("40".utf8) + (["token": .string(tokens[seat.user])] as JSONValue).bytes)
    }
  }

  /// The namespace is entered, the topic subscribed to, the room joined.
  func entered(_ seat: Seat) {
    guard seat.state == .entering else { return }
    if order.wire.isReliable { return resume(seat) }
    // What joins a room of Socket.IO is answered by nothing that all servers have.
    if order.wire == .socketioPeer { join(seat) }
    inRoom(seat)
  }

  private func join(_ seat: Seat) {
    // With more rooms than users a seat still joins one: it is the only user of its own.
    guard let room = order.followed[seat.user].first else { return seat.refused("no room") }
    let nick = "s\(seat.index * order.workers + order.worker)"
    seat.send(order.wire.joining(Target.Place.room(room), order.scenario.peer, as: nick))
  }

  /// From here on a broadcaster's seat hears whatever is said, as far as anybody promises it.
  private func inRoom(_ seat: Seat) {
    for worker in 0..<order.workers { oracle.begin(seat.slot + worker, at: 0) }
    seatReady(seat)
  }

  func resume(_ seat: Seat) {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member(
        "heads",
        object: { writer in
          for (place, conversation) in order.followed[seat.user].enumerated() {
            guard let head = oracle.head(of: seat.slot + place) else { continue }
            writer.key(named: String(order.conversations[conversation]))
            writer.int(head)
          }
        })
    }
    guard let number = sends.add(.init(kind: .resume, seat: seat.index, time: seat.times)) else {
      return seat.refused("overrun")
    }
    seat.send(order.wire.operation("resume", number, writer.finish()))
  }

  func seatReady(_ seat: Seat) {
    seat.entered()
    ready += 1
    rota.add(seat)
    let name = seat.times > 1 ? "reconnect" : "connect"
    tally.time(name, (Clock.nanoseconds() - seat.begunAt) / 1_000)
    watch(seat)
    enteringOver()
  }

  private func enteringOver() {
    entering.underWay = max(0, entering.underWay - 1)
    connectMore()
  }

  /// Asks for the presence of some with whom a seat's user shares a conversation.
  private func watch(_ seat: Seat) {
    let watched = peers(of: seat, order.scenario.watched)
    guard !watched.isEmpty else { return }
    operate("presence.watch", ["users": .array(watched.map { .integer($0) })], by: seat)
  }

  /// The ids of so many users of a seat's first conversation, those that come after its own.
  func peers(of seat: Seat, _ count: Int) -> [Int64] {
    guard count > 0, !order.users.isEmpty, let conversation = order.followed[seat.user].first else { return [] }
    let members = order.scenario.members(of: conversation)
    let own = members.firstIndex(of: seat.user) ?? 0
    return (1...count).prefix(members.count - 1).map { order.users[members[(own + $0) % members.count]] }
  }

  /// Whoever has not come in by now is not waited for.
  func stopEntering() {
    guard let done = entering.done else { return }
    entering.done = nil
    done()
  }

  func seatEnded(_ seat: Seat, wasReady: Bool, _ why: String) {
    if wasReady {
      ready -= 1
      rota.remove(seat)
    }
    if why != "left" { tally.count(why) }
    if !wasReady { enteringOver() }
    guard !isLeaving else { return }
    // Who failed to come in so often is not tried again: the run says so instead of trying for ever. Who was in comes
    // back however long the target is away, as a client does, and the run ends by its own time.
    if !wasReady, why != "left" {
      seat.failures += 1
      guard seat.wasIn || seat.failures < Seat.failuresMax else { return }
    }
    entering.pausing += 1
    // A second spreads those who were lost together; two, where the target is away and each try is in vain.
    let longest: UInt32 = seat.failures < Seat.failuresMax ? 1_000 : 2_000
    let pause = wasReady && why == "left" ? 0 : Int64(random.next() as UInt32 % longest)
    loop.schedule(after: pause) { [weak self] in
      guard let self else { return }
      entering.pausing -= 1
      if !isLeaving { entering.waiting.append(seat.index) }
      connectMore()
    }
  }

  /// Everybody leaves; nobody comes back.
  func leave() {
    isLeaving = true
    for seat in seats { seat.leave() }
  }
}

/// Who waits to be connected.
struct Entering {
  var waiting: [Int] = []
  var first = 0
  var underWay = 0
  var pausing = 0
  var done: (() -> Void)?

  var isOver: Bool { underWay == 0 && pausing == 0 && first >= waiting.count }

  mutating func takeFirst() -> Int? {
    guard first < waiting.count else {
      waiting.removeAll(keepingCapacity: true)
      first = 0
      return nil
    }
    first += 1
    return waiting[first - 1]
  }
}
