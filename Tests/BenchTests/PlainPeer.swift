import HTTP1
import IORuntime
import Serving
import WebSocket

/// A peer as `benchmarks/README.md` asks for: rooms of texts, by several wires; and, on demand, one that does it badly.
final class PlainPeer: Sendable {
  /// What it does to every tenth frame for every listener, or to all.
  enum Fault: Sendable {
    case none, drops, repeats, swaps
    /// It drops, repeats, swaps, and tells another room, in turn.
    case lies
    /// It lets nobody into a room, by XMPP.
    case bars
    /// It keeps all to itself until so many messages have been said, and then tells them at once.
    case holds(Int)
    /// It says so many messages a second, whatever is asked of it.
    case slow(perSecond: Double)
    /// It lets so many in.
    case full(Int)
    /// It lets so many in, throws out whoever has heard twenty frames, and refuses the next so many who come.
    case away(after: Int, refusing: Int)
  }

  /// How it is spoken with.
  enum Manner: Sendable {
    case text, path, socketIO, mqtt, xmpp
  }

  private let loop: EventLoop
  private let server: HTTPServer
  private let rooms: PeerRooms
  let address: SocketAddress

  init(_ fault: Fault = .none, _ manner: Manner = .text, tls: TLSServer? = nil) async throws {
    let loop = try EventLoop(name: "peer")
    let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0), tls: tls)
    rooms = PeerRooms(loop, fault, manner)
    let server = HTTPServer(loop: loop, handler: rooms)
    (self.loop, self.server, address) = (loop, server, listener.address)
    try loop.start()
    try await loop.submit { try server.serve(listener) }
  }

  /// How many sockets came from each address.
  func guests() async throws -> [String: Int] { try await loop.submit { self.rooms.guests } }

  deinit { loop.stop() }
}

/// Who listens where, and what is yet to be said.
private final class PeerRooms: HTTPHandler, @unchecked Sendable {
  let loop: EventLoop
  let fault: PlainPeer.Fault
  let manner: PlainPeer.Manner
  var listeners: [String: [ObjectIdentifier: Listening]] = [:]
  private var waiting: [(room: String, frame: [UInt8])] = []
  private var owed = 0.0
  private var last = EventLoop.monotonicMilliseconds()
  private var isTicking = false
  private(set) var seats = 0
  private(set) var guests: [String: Int] = [:]
  private var said = 0
  private var hasHeld: Set<String> = []

  init(_ loop: EventLoop, _ fault: PlainPeer.Fault, _ manner: PlainPeer.Manner) {
    (self.loop, self.fault, self.manner) = (loop, fault, manner)
  }

  /// After the last of all messages no other comes behind which one could be put. To all of a room at once: who has
  /// heard it may answer, and nobody may have the answer before it.
  func tellHeld(in room: String) {
    guard hasHeld.insert(room).inserted else { return }
    loop.schedule(after: 100) {
      self.hasHeld.remove(room)
      for listener in self.listeners[room, default: [:]].values { listener.sendHeld() }
    }
  }

  func respond(to request: Request) async -> Response { Response(.notFound) }

  func upgrade(_ request: Request) -> UpgradeAnswer? {
    let agreement = try? Handshake.agree(
      method: "GET", isHTTP11: true, hasBody: false, offer: Handshake.Offer(),
      values: { request.head.headers.values(for: $0) })
    guard let agreement else { return .refuse(Response(.badRequest)) }
    seats += 1
    guests[request.peer, default: 0] += 1
    if case .full(let most) = fault, seats > most { return .refuse(Response(.unavailable)) }
    if case .away(let first, let refused) = fault, seats > first, seats <= first + refused {
      return .refuse(Response(.unavailable))
    }
    let path = request.head.target
    return .accept(agreement, limits: MessageLimits()) { [self] in
      let room = manner == .path ? String(path.split(separator: "/").last ?? "") : nil
      let listening = Listening(self, $0, room)
      if manner == .socketIO { loop.schedule(after: 0) { listening.tell(#"0{"sid":"x","pingInterval":25000}"#) } }
      return listening
    }
  }

  func say(_ frame: [UInt8], in room: String) {
    said += 1
    if case .holds(let count) = fault, said <= count {
      waiting.append((room, frame))
      guard said == count else { return }
      for (room, frame) in waiting { spread(frame, in: room) }
      return waiting.removeAll()
    }
    if case .lies = fault, said % 20 == 0, let other = listeners.keys.sorted().first(where: { $0 != room }) {
      return spread(frame, in: other)
    }
    guard case .slow(let rate) = fault else { return spread(frame, in: room) }
    waiting.append((room, frame))
    guard !isTicking else { return }
    isTicking = true
    tick(rate)
  }

  private func tick(_ rate: Double) {
    let now = EventLoop.monotonicMilliseconds()
    // Time in which nobody asked is not saved up.
    owed = min(owed + Double(now - last) * rate / 1_000, waiting.count > 1 ? .infinity : 1)
    last = now
    let count = min(Int(owed), waiting.count)
    owed -= Double(count)
    for (room, frame) in waiting.prefix(count) { spread(frame, in: room) }
    waiting.removeFirst(count)
    isTicking = !waiting.isEmpty
    if isTicking { loop.schedule(after: 2) { [weak self] in self?.tick(rate) } }
  }

  private func spread(_ frame: [UInt8], in room: String) { listeners[room]?.values.forEach { $0.hear(frame) } }
}

/// One socket of it.
private final class Listening: WebSocketHandler {
  private let rooms: PeerRooms
  private let socket: WebSocketConnection
  private var room: String?
  private var count = 0
  private var held: [UInt8]?
  private var hasName = false

  init(_ rooms: PeerRooms, _ socket: WebSocketConnection, _ room: String?) {
    (self.rooms, self.socket) = (rooms, socket)
    if let room { join(room) }
  }

  private func join(_ name: String) {
    room = name
    rooms.listeners[name, default: [:]][ObjectIdentifier(self)] = self
  }

  func tell(_ text: String) { socket.send(text: Array(text.utf8)) }

  func received(text: Span<UInt8>) {
    let bytes = text.withUnsafeBufferPointer { Array($0) }
    let word = String(decoding: bytes, as: UTF8.self)
    if rooms.manner == .xmpp { return stanza(word) }
    guard rooms.manner == .socketIO else {
      if let room { return rooms.say(bytes, in: room) }
      guard word.hasPrefix("join ") else { return socket.close(.policyViolation) }
      return join(String(word.dropFirst(5)))
    }
    let parts = word.split(separator: "\"")
    if word == "40" { return tell(#"40{"sid":"y"}"#) }
    guard word.hasPrefix("42["), parts.count == 5 else { return }
    if parts[1] == "enter" { return join(String(parts[3])) }
    if parts[1] == "say", let room { rooms.say(Array(#"42["said","\#(parts[3])"]"#.utf8), in: room) }
  }

  private func stanza(_ text: String) {
    if text.hasPrefix("<open ") {
      tell("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='localhost'/>")
      let features =
        hasName
        ? "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
        : "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>"
      return tell("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>\(features)</stream:features>")
    }
    if text.hasPrefix("<auth ") {
      hasName = true
      return tell("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
    }
    if text.hasPrefix("<iq ") { return tell("<iq type='result' id='b'><bind><jid>a@localhost/1</jid></bind></iq>") }
    let parts = text.split(separator: "\"")
    if text.hasPrefix("<presence "), let address = parts.first(where: { $0.contains("@conference.") }) {
      if case .bars = rooms.fault {
        return tell("<presence type='error'><error type='auth'><not-allowed xmlns='x'/></error></presence>")
      }
      join(String(address.prefix { $0 != "@" }))
      tell("<presence from='\(address)'><x><status code='110'/></x></presence>")
      return tell("<message from='x' type='groupchat'><subject/></message>")
    }
    guard text.hasPrefix("<message "), let room, let body = text.firstRange(of: "<body>") else { return }
    rooms.say(
      Array("<message from='\(room)@conference.localhost/x' type='groupchat'>\(text[body.lowerBound...])".utf8),
      in: room)
  }

  func received(binary: Span<UInt8>) {
    guard rooms.manner == .mqtt, binary.count > 1 else { return }
    let bytes = binary.withUnsafeBufferPointer { Array($0) }
    switch bytes[0] & 0xF0 {
    case 0x10: socket.send(binary: [0x20, 2, 0, 0])
    case 0x80:
      join(String(decoding: bytes[6..<(bytes.count - 1)], as: UTF8.self))
      socket.send(binary: [0x90, 3, bytes[2], bytes[3], 0])
    default: if let room { rooms.say(bytes, in: room) }
    }
  }

  func hear(_ frame: [UInt8]) {
    count += 1
    let isTenth = count % 10 == 0
    switch rooms.fault {
    case .none, .slow, .full, .holds, .bars: send(frame)
    case .lies: Lie(count).tell(frame, &held, send)
    case .away(let first, _):
      send(frame)
      if count == 20, rooms.seats <= first { socket.close(.goingAway) }
    case .drops: if !isTenth { send(frame) }
    case .repeats:
      send(frame)
      if isTenth { send(frame) }
    case .swaps:
      if isTenth {
        held = frame
        if let room { rooms.tellHeld(in: room) }
        return
      }
      send(frame)
      sendHeld()
    }
  }

  func sendHeld() {
    if let late = held { send(late) }
    held = nil
  }

  private func send(_ frame: [UInt8]) {
    if rooms.manner == .mqtt { socket.send(binary: frame) } else { socket.send(text: frame) }
  }

  func closed(_ end: WebSocketEnd) { if let room { rooms.listeners[room]?[ObjectIdentifier(self)] = nil } }
}
