import JSONText

/// What a target has sent, as far as it matters to a run.
enum Incoming: Equatable {
  /// Engine.IO: the session is open.
  case opened
  /// Socket.IO: the namespace is entered.
  case entered
  /// XMPP: what lets somebody in goes on by a step.
  case asks(XMPPStanza.Step)
  /// The target asks whether we are there; answered by a pong of the same kind.
  case ping
  /// An entry of a log.
  case entry(Entry)
  /// The answer to an operation.
  case reply(Answer)
  /// Presence, typing and the like.
  case passing
  /// The target says no, or says goodbye; the code tells why.
  case refused(String)
  /// Nothing that the protocol has.
  case broken

  struct Entry: Equatable {
    let conversation: Int64
    let seq: Int64
    let mark: Mark?
  }

  struct Answer: Equatable {
    let id: Int64
    /// The problem's code; nothing when it was done.
    let problem: String?
    let seq: Int64?
  }
}

extension Incoming {
  /// Reads one message of that wire; a broadcaster's are marks alone, behind `heard` if it is one of Socket.IO.
  init(_ wire: Wire, _ bytes: UnsafeRawBufferPointer, heard: [UInt8] = []) {
    switch wire {
    case .native: self = Incoming.frame(bytes)
    case .socketio: self = Incoming.packet(bytes)
    case .plain: self = Incoming.text(bytes)
    case .mqtt: self = Incoming.packetOfMQTT(bytes)
    case .xmpp: self = Incoming.stanza(bytes)
    case .socketioPeer: self = bytes.starts(with: heard) ? Incoming.text(bytes) : Incoming.packet(bytes)
    }
  }

  static func text(_ bytes: UnsafeRawBufferPointer) -> Incoming {
    Mark(in: bytes).map { .entry(Entry(conversation: 0, seq: $0.place, mark: $0)) } ?? .passing
  }

  /// A frame of the native protocol; those of Socket.IO's events are the same.
  private static func frame(_ bytes: UnsafeRawBufferPointer) -> Incoming {
    let span = bytes.assumingMemoryBound(to: UInt8.self).span
    guard let frame = try? JSONFrame(scanning: span, limits: JSONLimits(bytesMax: JSONLimits.body.bytesMax)) else {
      return .broken
    }
    if let re = frame.slice("re", in: span) {
      guard let id = re.string(in: span).flatMap({ Int64($0) }) else { return .passing }
      return .reply(answer(id, frame, span))
    }
    guard let seq = frame.slice("seq", in: span)?.integer(in: span),
      let conversation = frame.slice("conv", in: span)?.integer(in: span)
    else { return frame.slice("t", in: span) == nil ? .broken : .passing }
    let data = frame.slice("d", in: span)?.range ?? 0..<0
    return .entry(
      Entry(conversation: conversation, seq: seq, mark: Mark(in: UnsafeRawBufferPointer(rebasing: bytes[data]))))
  }

  private static func answer(_ id: Int64, _ frame: JSONFrame, _ span: Span<UInt8>) -> Answer {
    if let error = frame.slice("error", in: span) {
      let problem = (try? error.frame(in: span))?.slice("code", in: span)?.string(in: span)
      return Answer(id: id, problem: Words.plain(problem ?? "unknown"), seq: nil)
    }
    let data = frame.slice("d", in: span)?.range ?? 0..<0
    return Answer(id: id, problem: nil, seq: place(in: span.extracting(data)))
  }

  /// The number that an answer's object names, without reading the rest; a name in a text has escaped quotes.
  private static func place(in data: Span<UInt8>) -> Int64? {
    let name: StaticString = "\"seq\":"
    let length = name.utf8CodeUnitCount
    var at = 0
    while at &+ length < data.count {
      var matched = 0
      while matched < length, data[at &+ matched] == name.utf8Start[matched] { matched &+= 1 }
      if matched == length { return number(in: data, from: at &+ length) }
      at &+= 1
    }
    return nil
  }

  private static func number(in data: Span<UInt8>, from start: Int) -> Int64? {
    var value: Int64 = 0
    var at = start
    while at < data.count, at &- start < 16, data[at] >= 0x30, data[at] <= 0x39 {
      value = value &* 10 &+ Int64(data[at] &- 0x30)
      at &+= 1
    }
    return at > start ? value : nil
  }

  /// A packet of Engine.IO, and of Socket.IO in the main namespace.
  private static func packet(_ bytes: UnsafeRawBufferPointer) -> Incoming {
    guard let kind = bytes.first else { return .broken }
    switch kind {
    case UInt8(ascii: "0"): return .opened
    case UInt8(ascii: "1"): return .refused("engine_closed")
    case UInt8(ascii: "2"): return .ping
    case UInt8(ascii: "3"), UInt8(ascii: "6"): return .passing
    case UInt8(ascii: "4"): break
    default: return .broken
    }
    guard bytes.count > 1 else { return .broken }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[2...])
    switch bytes[1] {
    case UInt8(ascii: "0"): return .entered
    case UInt8(ascii: "1"): return .refused("disconnected")
    case UInt8(ascii: "2"): return argument(rest).map { frame($0) } ?? .passing
    case UInt8(ascii: "3"): return ack(rest)
    case UInt8(ascii: "4"): return .refused("connect_error")
    default: return .broken
    }
  }

  /// The one object among an event's or an ack's arguments.
  private static func argument(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard let start = bytes.firstIndex(of: UInt8(ascii: "{")), bytes.last == UInt8(ascii: "]"), start < bytes.count - 1
    else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[start..<(bytes.count - 1)])
  }

  private static func ack(_ bytes: UnsafeRawBufferPointer) -> Incoming {
    var at = 0
    guard let id = Digits.take(bytes, &at, until: UInt8(ascii: "[")), let object = argument(bytes) else {
      return .broken
    }
    let span = object.assumingMemoryBound(to: UInt8.self).span
    guard let frame = try? JSONFrame(scanning: span, limits: JSONLimits(bytesMax: JSONLimits.body.bytesMax)) else {
      return .broken
    }
    return .reply(answer(id, frame, span))
  }
}

/// What is said to a target.
extension Wire {
  /// The handshake's request.
  func request(_ place: Target.Place, token: String, room: Int, key: String) -> [UInt8] {
    var text = "GET \(path(place, room)) HTTP/1.1\r\nHost: \(place.authority)\r\nUpgrade: websocket\r\n"
    text += "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n"
    if self == .native { text += "Sec-WebSocket-Protocol: martlet.v1.json\r\nAuthorization: Bearer \(token)\r\n" }
    if self == .mqtt || self == .xmpp { text += "Sec-WebSocket-Protocol: \(rawValue)\r\n" }
    return Array((text + "\r\n").utf8)
  }

  private func path(_ place: Target.Place, _ room: Int) -> String {
    switch self {
    case .native: "/v1/socket"
    case .socketio, .socketioPeer: "/socket.io/?EIO=4&transport=websocket"
    case .plain, .mqtt, .xmpp: place.path(in: room)
    }
  }

  /// What enters a broadcaster's room; where everybody there has a name it is `nick`.
  func joining(_ room: String, _ events: PeerEvents, as nick: String) -> [UInt8] {
    switch self {
    case .plain: Array("join \(room)".utf8)
    case .mqtt: MQTTPacket.subscribe(room)
    case .xmpp: XMPPStanza.join(room, events.domain, as: nick)
    case .native, .socketio, .socketioPeer: event(events.join, Array(room.utf8))
    }
  }

  /// What says a text to a broadcaster; it is of our own letters, so there is nothing to escape.
  func text(_ body: [UInt8], to room: String, _ events: PeerEvents) -> [UInt8] {
    switch self {
    case .plain: body
    case .mqtt: MQTTPacket.publish(room, body)
    case .xmpp: XMPPStanza.say(body, room, events.domain)
    case .native, .socketio, .socketioPeer: event(events.send, body)
    }
  }

  private func event(_ name: String, _ text: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(name.utf8.count + text.count + 10)
    for part in [#"42[""#, name, #"",""#] { out.append(contentsOf: part.utf8) }
    out.append(contentsOf: text)
    out.append(contentsOf: #""]"#.utf8)
    return out
  }

  /// An operation with its answer's number.
  func operation(_ name: StaticString, _ id: Int64, _ body: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(body.count + 64)
    switch self {
    case .native:
      out.append(contentsOf: #"{"id":""#.utf8)
      Digits.append(id, to: &out)
      out.append(contentsOf: #"","op":""#.utf8)
      out.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
      out.append(contentsOf: #"","d":"#.utf8)
      out.append(contentsOf: body)
      out.append(UInt8(ascii: "}"))
    case .socketio:
      out.append(contentsOf: "42".utf8)
      Digits.append(id, to: &out)
      out.append(contentsOf: #"[""#.utf8)
      out.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
      out.append(contentsOf: #"","#.utf8)
      out.append(contentsOf: body)
      out.append(UInt8(ascii: "]"))
    case .plain, .socketioPeer, .mqtt, .xmpp: out = body
    }
    return out
  }
}
