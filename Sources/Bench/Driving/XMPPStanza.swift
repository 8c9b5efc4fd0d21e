/// The few stanzas of XMPP that a broadcast needs, each a text message of a WebSocket (subprotocol `xmpp`): a guest
/// comes in, enters a room for many, says texts there, and hears everybody's, his own too.
///
/// - Shape: `<open/>` -> features -> `<auth mechanism="ANONYMOUS"/>` -> `<success/>` -> `<open/>` -> features ->
///   bind -> `<presence/>` to `room@conference.domain/nick` -> own presence with status 110: from here on texts are
///   heard.
/// - Limits: SASL ANONYMOUS alone, so that there are no accounts to be made; pings of XEP-0199 are not answered. What
///   is written is of our own letters and a scenario's domain, so there is nothing to escape.
/// - Source: RFC 7395; RFC 6120, sections 6 and 7; XEP-0045, sections 7.2 and 7.4.
enum XMPPStanza {
  /// What a server waits for before it lets somebody in.
  enum Step: Equatable {
    /// It has offered to let in guests.
    case authenticate
    /// Who somebody is has been settled: the stream begins anew.
    case reopen
    /// A session needs an address.
    case bind
  }

  /// Opens the stream.
  static func open(_ domain: String) -> [UInt8] {
    Array("<open xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" to=\"\(domain)\" version=\"1.0\"/>".utf8)
  }

  /// What a step is answered with.
  static func answer(_ step: Step, _ domain: String) -> [UInt8] {
    switch step {
    case .authenticate: Array(#"<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="ANONYMOUS"/>"#.utf8)
    case .reopen: open(domain)
    case .bind:
      Array(
        (#"<iq xmlns="jabber:client" type="set" id="b"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/></iq>"#).utf8)
    }
  }

  /// Enters a room and asks for nothing of what was said before.
  static func join(_ room: String, _ domain: String, as nick: String) -> [UInt8] {
    Array(
      ("<presence xmlns=\"jabber:client\" to=\"\(address(room, domain))/\(nick)\">"
        + #"<x xmlns="http://jabber.org/protocol/muc"><history maxstanzas="0"/></x></presence>"#).utf8)
  }

  /// Says a text in a room.
  static func say(_ text: [UInt8], _ room: String, _ domain: String) -> [UInt8] {
    var out = Array(
      "<message xmlns=\"jabber:client\" type=\"groupchat\" to=\"\(address(room, domain))\"><body>".utf8)
    out.append(contentsOf: text)
    out.append(contentsOf: "</body></message>".utf8)
    return out
  }

  /// Rooms are where servers have them unless they are told otherwise.
  private static func address(_ room: String, _ domain: String) -> String { "\(room)@conference.\(domain)" }
}

extension Incoming {
  /// A server's stanza.
  static func stanza(_ bytes: UnsafeRawBufferPointer) -> Incoming {
    guard let element = XMLElement(bytes) else { return .broken }
    switch (element.name, element.attribute("type")) {
    case ("message", "groupchat"): return text(bytes)
    // It brings back what was refused, so it must not pass for a delivery.
    case ("message", "error"), ("presence", "error"), ("iq", "error"):
      return .refused("\(element.name) \(element.condition(in: "<error"))")
    case ("presence", _): return element.has("code='110'") || element.has("code=\"110\"") ? .entered : .passing
    case ("iq", "result"): return .opened
    case ("features", _): return features(element)
    case ("success", _): return .asks(.reopen)
    case ("failure", _): return .refused("sasl \(element.condition(in: "<failure"))")
    case ("error", _): return .refused("stream \(element.condition(in: "error"))")
    case ("close", _): return .refused("stream closed")
    case ("open", _), ("message", _), ("iq", _): return .passing
    default: return .broken
    }
  }

  private static func features(_ element: XMLElement) -> Incoming {
    if element.has(">ANONYMOUS<") { return .asks(.authenticate) }
    if element.has("urn:ietf:params:xml:ns:xmpp-sasl") { return .refused("sasl without ANONYMOUS") }
    return element.has("urn:ietf:params:xml:ns:xmpp-bind") ? .asks(.bind) : .refused("features without bind")
  }
}

/// One element of XML, as far as telling stanzas apart asks for: its name, its attributes, and words within.
///
/// - Limits: reads only what a server writes: no comments or declarations in front. Whatever else there is gives nil or
///   nothing, never a trap.
struct XMLElement {
  /// Without its prefix.
  let name: String
  private let bytes: UnsafeRawBufferPointer
  /// Where the attributes begin.
  private let start: Int

  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.first == UInt8(ascii: "<") else { return nil }
    let end = Self.nameEnd(bytes, from: 1)
    let whole = bytes[1..<end]
    let local = whole.lastIndex(of: UInt8(ascii: ":")).map { whole[($0 + 1)...] } ?? whole
    guard !local.isEmpty, end < bytes.count else { return nil }
    name = String(decoding: local, as: UTF8.self)
    (self.bytes, start) = (bytes, end)
  }

  /// The value of an attribute of the element itself.
  func attribute(_ wanted: String) -> String? {
    var at = start
    while at < bytes.count {
      while at < bytes.count, bytes[at] <= 0x20 { at += 1 }
      let end = Self.nameEnd(bytes, from: at)
      // An `=` with its quote, or the element's end.
      guard end > at, end + 1 < bytes.count, bytes[end] == UInt8(ascii: "=") else { return nil }
      let quote = bytes[end + 1]
      guard quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
        let close = bytes[(end + 2)...].firstIndex(of: quote)
      else { return nil }
      if bytes[at..<end].elementsEqual(wanted.utf8) { return String(decoding: bytes[(end + 2)..<close], as: UTF8.self) }
      at = close + 1
    }
    return nil
  }

  /// Whether some bytes are anywhere in it.
  func has(_ part: StaticString) -> Bool { place(of: part) != nil }

  /// What an error is: the name of the first element within the one that begins so.
  func condition(in part: StaticString) -> String {
    guard let open = place(of: part), let end = bytes[open...].firstIndex(of: UInt8(ascii: ">")),
      let first = bytes[end...].firstIndex(of: UInt8(ascii: "<"))
    else { return "unknown" }
    let name = bytes[(first + 1)..<Self.nameEnd(bytes, from: first + 1)]
    return name.isEmpty ? "unknown" : Words.plain(String(decoding: name, as: UTF8.self))
  }

  private func place(of part: StaticString) -> Int? {
    let length = part.utf8CodeUnitCount
    guard bytes.count >= length else { return nil }
    return (0...(bytes.count - length)).first { at in
      (0..<length).allSatisfy { bytes[at + $0] == part.utf8Start[$0] }
    }
  }

  private static func nameEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    bytes[min(start, bytes.count)...].firstIndex { $0 <= 0x20 || "=/><'\"".utf8.contains($0) } ?? bytes.count
  }
}
