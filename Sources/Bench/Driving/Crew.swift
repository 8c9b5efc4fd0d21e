import Client
import IORuntime
import JSONText

/// All sockets of one worker, what they have sent and what they have heard.
///
/// - Isolation: one loop.
/// - Limits: ``sendsMax`` messages without an answer; past it an open loop counts what it could not send.
final class Crew: @unchecked Sendable {
  /// A storm of ten thousand takes seconds on two cores; who has not come in by then counts as failed.
  static let connectMilliseconds: Int64 = 20_000
  /// Messages under way: two seconds of the highest rate, and a power of two.
  static let sendsMax = 1 << 17
  /// A closed loop goes on without a message that takes longer, in milliseconds, and says so.
  static let stalledMilliseconds: Int64 = 10_000

  let loop: EventLoop
  let order: Order
  var tally = Tally()
  /// What was recorded since the last line of progress.
  var second = Histogram()
  var random = SplitMix(seed: UInt64.random(in: 0 ... .max))
  /// The bytes of the frame being written.
  var frame: [UInt8] = []
  let connectionOptions: ConnectionOptions
  private(set) var seats: [Seat] = []
  var ready = 0
  /// The ready seats' turn in each conversation.
  let rota: Rota
  var oracle: DeliveryOracle
  private(set) var foreign: Int64 = 0
  private(set) var storedTwice: Int64 = 0
  /// Texts that a broadcaster put behind later ones, as it may when several sockets speak at once.
  private(set) var excused: Int64 = 0
  var behind: Int64 = 0
  private var cache = FrameCache()
  private(set) var places: [Int64: Int] = [:]
  var sends: SendLog
  /// From when to when a message must be due to be timed, in nanoseconds.
  var window: Range<Int64> = 0..<0
  /// What a closed loop does when a lane's message has arrived.
  var arrived: ((Int) -> Void)?
  let tls: TLSClient?
  var entering = Entering()
  var isLeaving = false
  /// The tokens as they are now; a long run renews them.
  var tokens: [String]

  /// What the acknowledgements of all workers have promised: of each conversation its head, or of a plain target how
  /// many each worker has sent to it.
  var promised: [[Int64]] = []

  /// How a foreign Socket.IO server's texts begin.
  private let heard: [UInt8]
  /// Whether a message has arrived when all have it, rather than when it is acknowledged.
  var untilDelivered = true

  init(loop: EventLoop, order: Order, tls: TLSClient?) {
    self.loop = loop
    self.order = order
    self.tls = tls
    tokens = order.tokens
    heard = Array("42[\"\(order.scenario.peer.message)\"".utf8)
    var options = ConnectionOptions()
    options.keepAlive = 0
    connectionOptions = options
    for (place, id) in order.conversations.enumerated() { places[id] = place }
    rota = Rota(order)
    sends = SendLog(capacity: Self.sendsMax, conversations: order.scenario.conversationCount)
    oracle = DeliveryOracle(slots: order.seats.reduce(0) { $0 + Self.slots(order, $1) })
    var slot = 0
    for (index, user) in order.seats.enumerated() {
      seats.append(Seat(self, index: index, user: user, slot: slot))
      slot += Self.slots(order, user)
    }
  }

  /// A plain target numbers nothing, so each worker's messages are a log of their own.
  private static func slots(_ order: Order, _ user: Int) -> Int {
    order.followed[user].count * (order.wire.isReliable ? 1 : order.workers)
  }

  // MARK: What is said

  /// Sends a message from a seat; false when too many are under way.
  func say(_ conversation: Int, from seat: Seat, due: Int64, lane: Int, listeners: Int) -> Bool {
    let send = SendLog.Send(
      kind: .message, seat: seat.index, time: seat.times, conversation: conversation, due: due, lane: lane,
      remaining: listeners)
    guard let number = sends.add(send) else {
      tally.count("overrun")
      return false
    }
    let place = order.wire.isReliable ? 0 : sends.nextPlace(in: conversation)
    let mark = Mark(worker: order.worker, number: number, due: due, place: place, room: conversation)
    var body: [UInt8] = []
    body.reserveCapacity(order.scenario.textBytes + 100)
    if !order.wire.isReliable {
      mark.append(to: &body, bytes: order.scenario.textBytes)
      seat.send(order.wire.text(body, to: Target.Place.room(conversation), order.scenario.peer))
    } else {
      body.append(contentsOf: #"{"conversation":"#.utf8)
      Digits.append(order.conversations[conversation], to: &body)
      body.append(contentsOf: #","text":""#.utf8)
      mark.append(to: &body, bytes: order.scenario.textBytes)
      body.append(contentsOf: #"","client_message_id":""#.utf8)
      body.append(contentsOf: order.run.utf8)
      body.append(contentsOf: "-\(order.worker)-\(number)\"}".utf8)
      seat.send(order.wire.operation("message.send", number, body))
    }
    tally.sent += 1
    return true
  }

  /// Asks for something that is no message.
  func operate(_ name: StaticString, _ body: JSONValue, by seat: Seat) {
    guard let number = sends.add(.init(kind: .other, seat: seat.index, time: seat.times)) else {
      return tally.count("overrun")
    }
    seat.send(order.wire.operation(name, number, body.bytes))
  }

  // MARK: What is heard

  func received(_ bytes: UnsafeRawBufferPointer, at seat: Seat, _ now: Int64) {
    if let known = cache.find(bytes) { return entry(known.entry, known.place, at: seat, now) }
    switch Incoming(order.wire, bytes, heard: heard) {
    case .entry(let found):
      let place = place(of: found)
      cache.remember(bytes, found, place)
      entry(found, place, at: seat, now)
    case .reply(let answer): replied(answer, bytes, at: seat, now)
    case .opened: opened(seat)
    case .entered: entered(seat)
    case .asks(let step): seat.send(XMPPStanza.answer(step, order.scenario.peer.domain))
    case .ping: seat.send([UInt8(ascii: "3")])
    case .passing: if seat.state == .ready { tally.count("passing") }
    case .refused(let code): seat.refused(code)
    case .broken: seat.refused("broken text")
    }
  }

  private func place(of entry: Incoming.Entry) -> Int {
    guard !order.wire.isReliable else { return places[entry.conversation] ?? -1 }
    guard let mark = entry.mark, mark.worker < order.workers else { return -1 }
    return mark.worker
  }

  private func entry(_ entry: Incoming.Entry, _ place: Int, at seat: Seat, _ now: Int64) {
    guard let slot = slot(place, of: seat) else {
      // The user's own affairs are logs too; a message in none of the run's is somebody else's.
      if entry.mark != nil { foreign += 1 }
      return
    }
    if let mark = entry.mark, mark.room != room(place, of: seat) {
      foreign += 1
      // A numbered log has it at this place all the same.
      if !order.wire.isReliable { return }
    }
    let finding = oracle.received(slot, entry.seq)
    guard let mark = entry.mark else { return }
    if finding == .late, !order.wire.isReliable, isUnordered(mark, slot) { excused += 1 }
    tally.delivered += 1
    if window.contains(mark.due) {
      let latency = (now &- mark.due) / 1_000
      tally.delivery.record(latency)
      second.record(latency)
    }
    if mark.worker == order.worker, finding != .twice { own(mark, entry, now) }
  }

  /// The conversation whose entries come to a seat under a place.
  private func room(_ place: Int, of seat: Seat) -> Int? {
    order.wire.isReliable ? place : order.followed[seat.user].first
  }

  /// Whether a late text was overtaken only by what nobody has to put behind it; of another worker's nobody knows.
  private func isUnordered(_ mark: Mark, _ slot: Int) -> Bool {
    guard mark.worker == order.worker else { return true }
    return sends.isUnordered(mark.number, overtakenBy: (oracle.head(of: slot) ?? 0) &- mark.place)
  }

  private func slot(_ place: Int, of seat: Seat) -> Int? {
    guard place >= 0 else { return nil }
    if !order.wire.isReliable { return seat.slot + place }
    let followed = order.followed[seat.user]
    if followed.count == 1 { return followed[0] == place ? seat.slot : nil }
    return followed.firstIndex(of: place).map { seat.slot + $0 }
  }

  /// One of this worker's own messages has come back to a seat.
  private func own(_ mark: Mark, _ entry: Incoming.Entry, _ now: Int64) {
    let isPlain = !order.wire.isReliable
    let before = sends.returned
    defer { tally.acknowledged += sends.returned - before }
    switch sends.delivered(
      mark.number, seq: entry.seq, in: isPlain ? nil : places[entry.conversation], isPlain, at: now)
    {
    // What is elsewhere has been counted by the room that its text names.
    case .unknown, .asSent, .elsewhere: break
    case .complete(let lane): if untilDelivered { arrived?(lane) }
    case .twice: storedTwice += 1
    case .disputed: foreign += 1
    }
  }

  private func replied(_ answer: Incoming.Answer, _ bytes: UnsafeRawBufferPointer, at seat: Seat, _ now: Int64) {
    guard let send = sends.answered(answer.id, seq: answer.seq, seat: seat.index) else { return }
    switch send.kind {
    case .resume:
      if let problem = answer.problem { return seat.refused("resume \(problem)") }
      resumed(seat, bytes)
    case .other: if let problem = answer.problem { tally.count("refused \(problem)") }
    case .message:
      if let problem = answer.problem {
        tally.count("refused \(problem)")
        if send.lane >= 0 { arrived?(send.lane) }
        return
      }
      tally.acknowledged += 1
      if send.isDisputed { foreign += 1 }
      if let seq = answer.seq { sends.raiseHead(of: send.conversation, to: seq) }
      if window.contains(send.due) { tally.acknowledgement.record((now &- send.due) / 1_000) }
      if !untilDelivered, send.lane >= 0 { arrived?(send.lane) }
    }
  }

  private func resumed(_ seat: Seat, _ bytes: UnsafeRawBufferPointer) {
    let text = Array(bytes.drop { $0 != UInt8(ascii: "{") })
    let whole = order.wire == .socketio ? Array(text.dropLast()) : text
    guard let data = (try? JSONValue(parsing: whole))?["d"] else { return seat.refused("resume without heads") }
    for (place, conversation) in order.followed[seat.user].enumerated() {
      guard let head = data["heads"]?[String(order.conversations[conversation])]?.integer else { continue }
      oracle.begin(seat.slot + place, at: head)
    }
    for each in data["behind"]?.array ?? [] {
      guard let id = each["conversation"]?.integer, let head = each["head"]?.integer,
        let place = places[id].flatMap({ order.followed[seat.user].firstIndex(of: $0) })
      else { continue }
      behind += max(0, head - (oracle.head(of: seat.slot + place) ?? head))
      oracle.skip(seat.slot + place, to: head)
    }
    if seat.state == .entering { seatReady(seat) }
  }
}
