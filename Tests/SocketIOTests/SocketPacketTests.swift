import SocketIO
import Testing

@Suite struct SocketPacketTests {
  private static func json(_ text: String) -> [UInt8] { Array(text.utf8) }

  static let packets: [(String, SocketPacket)] = [
    ("0", SocketPacket(.connect)),
    (#"0{"token":"123"}"#, SocketPacket(.connect, payload: json(#"{"token":"123"}"#))),
    ("0/custom,", SocketPacket(.connect, namespace: "/custom")),
    (#"0/custom,{"a":1}"#, SocketPacket(.connect, namespace: "/custom", payload: json(#"{"a":1}"#))),
    ("1", SocketPacket(.disconnect)), ("1/admin,", SocketPacket(.disconnect, namespace: "/admin")),
    (#"2["message",1,"2",{"3":[true]}]"#, SocketPacket(.event, payload: json(#"["message",1,"2",{"3":[true]}]"#))),
    (
      #"2/admin,456["x",null]"#,
      SocketPacket(.event, namespace: "/admin", id: 456, payload: json(#"["x",null]"#))
    ),
    (#"20["x"]"#, SocketPacket(.event, id: 0, payload: json(#"["x"]"#))),
    ("3456[]", SocketPacket(.ack, id: 456, payload: json("[]"))),
    ("3/a,9007199254740991[1]", SocketPacket(.ack, namespace: "/a", id: 9_007_199_254_740_991, payload: json("[1]"))),
  ]

  @Test("a packet without attachments is read and written the same", arguments: packets)
  func plain(text: String, packet: SocketPacket) throws {
    var decoder = SocketDecoder()
    #expect(try decoder.take(text: Array(text.utf8)) == packet)
    #expect(packet.text == Array(text.utf8))
  }

  @Test("a namespace may end the packet without its comma")
  func noComma() throws {
    var decoder = SocketDecoder()
    #expect(try decoder.take(text: Array("0/custom".utf8)) == SocketPacket(.connect, namespace: "/custom"))
    #expect(try decoder.take(text: Array("1/custom".utf8)) == SocketPacket(.disconnect, namespace: "/custom"))
  }

  @Test("a packet with attachments is complete with its last one, and is written the same")
  func attachments() throws {
    let text = #"52-/a,7["file",{"_placeholder":true,"num":1},{"x":[{"num":0,"_placeholder":true}]}]"#
    var decoder = SocketDecoder()
    #expect(try decoder.take(text: Array(text.utf8)) == nil)
    #expect(try decoder.take(binary: [1, 2]) == nil)
    let packet = try #require(try decoder.take(binary: []))
    #expect(packet.kind == .binaryEvent && packet.namespace == "/a" && packet.id == 7)
    #expect(packet.attachments == [[1, 2], []])
    #expect(packet.text == Array(text.utf8))
    let event = try #require(packet.event)
    #expect(event.name == "file" && event.arguments.count == 2 && event.arguments.attachments == [[1, 2], []])
    #expect(event.arguments[0] == Array(#"{"_placeholder":true,"num":1}"#.utf8) && event.arguments[2] == nil)
    #expect(try decoder.take(text: Array("1".utf8)) == SocketPacket(.disconnect), "and the next one follows")
  }

  static let refused: [(String, SocketError)] = [
    ("", .empty), ("abc", .unknownKind), ("7", .unknownKind), ("9[]", .unknownKind), ("-", .unknownKind),
    ("2", .payload), ("2{}", .payload), ("2\"a\"", .payload), ("2[", .json), ("2[]", .eventName), ("2[1]", .eventName),
    ("2[null,1]", .eventName), (#"2[""]"#, .eventName), (#"2["a""#, .json), (#"2["a",]"#, .json), (#"2["a"]x"#, .json),
    (#"2["a"1]"#, .json), (#"2["a",01]"#, .json), (#"2["a",+1]"#, .json), (#"2["a",.5]"#, .json),
    (#"2["a",1.]"#, .json),
    (#"2["a",tru]"#, .json), (#"2["a",{"b"}]"#, .json), (#"2["a",{b:1}]"#, .json), (#"2["a","\x"]"#, .json),
    (#"2["a","\u12G4"]"#, .json), ("2[\"a\",\"\n\"]", .json), (#"2["a",{"b":1,}]"#, .json), (#"2["a",'b']"#, .json),
    (#"2abc["message-with-ack",1]"#, .payload), (#"2-1["a"]"#, .payload), (#"29007199254740992["a"]"#, .ackID),
    (#"218446744073709551616["a"]"#, .ackID), (#"299999999999999999999999999999999["a"]"#, .ackID),
    (#"2["connect"]"#, .eventName), (#"2["disconnect"]"#, .eventName), (#"2["connect_error",1]"#, .eventName),
    (#"2["disconnecting"]"#, .eventName), (#"2["newListener"]"#, .eventName), (#"2["removeListener"]"#, .eventName),
    (#"2["\u0063onnect"]"#, .eventName), ("0[]", .payload), ("0\"a\"", .payload), ("0null", .payload),
    ("01{}", .payload),
    ("1[]", .payload), ("11", .payload), ("3[]", .ackID), ("31{}", .payload), ("31", .payload),
    (#"4{"message":"x"}"#, .payload), ("5[\"a\"]", .attachmentCount), (#"50-["a"]"#, .attachmentCount),
    (#"51["a"]"#, .attachmentCount), (#"5-["a"]"#, .attachmentCount), (#"5-1-["a"]"#, .attachmentCount),
    (#"511-["a"]"#, .attachmentCount), (#"51000000000-["a"]"#, .attachmentCount), (#"51-["a"]"#, .placeholder),
    (#"51-["a",{"_placeholder":true,"num":-1}]"#, .placeholder),
    (#"51-["a",{"_placeholder":true,"num":1}]"#, .placeholder),
    (#"51-["a",{"_placeholder":true,"num":1000000000}]"#, .placeholder),
    (#"51-["a",{"_placeholder":true,"num":"0"}]"#, .placeholder),
    (#"51-["a",{"_placeholder":true,"num":0.0}]"#, .placeholder),
    (#"51-["a",{"_placeholder":true}]"#, .placeholder), (#"51-["a",{"_placeholder":1,"num":0}]"#, .placeholder),
    (#"52-["a",{"_placeholder":true,"num":0}]"#, .placeholder), (#"61-[{"_placeholder":true,"num":0}]"#, .ackID),
    ("0/a\u{0}b,", .namespace),
  ]

  @Test("what is no packet is refused, with the rule", arguments: refused)
  func refusals(text: String, error: SocketError) {
    var decoder = SocketDecoder()
    #expect(throws: error) { try decoder.take(text: Array(text.utf8)) }
  }

  @Test("names and nesting are taken up to their limits, and not one past them")
  func lengths() throws {
    func take(_ text: String) throws { _ = try SocketPacketTests.decoded(text) }
    let name = String(repeating: "n", count: SocketLimits.eventNameBytesMax)
    try take("2[\"\(name)\"]")
    #expect(throws: SocketError.eventName) { try take("2[\"\(name)n\"]") }
    let namespace = "/" + String(repeating: "n", count: SocketLimits.namespaceBytesMax - 1)
    try take("0\(namespace),")
    #expect(throws: SocketError.namespace) { try take("0\(namespace)n,") }
    #expect(throws: SocketError.namespace) { try take("0/" + String(repeating: "n", count: 10_000)) }
    let open = String(repeating: "[", count: SocketLimits.depthMax - 1)
    let close = String(repeating: "]", count: SocketLimits.depthMax - 1)
    try take("2[\"a\",\(open)\(close)]")
    #expect(throws: SocketError.tooDeep) { try take("2[\"a\",[\(open)\(close)]]") }
    #expect(throws: SocketError.tooDeep) { try take("2[\"a\"," + String(repeating: "{\"a\":", count: 100_000)) }
  }

  private static func decoded(_ text: String) throws(SocketError) -> SocketPacket? {
    var decoder = SocketDecoder()
    return try decoder.take(text: Array(text.utf8))
  }

  @Test("attachments come right behind their packet, and only then")
  func attachmentOrder() throws {
    var decoder = SocketDecoder(limits: SocketLimits(attachmentBytesMax: 3))
    #expect(throws: SocketError.attachmentUnexpected) { try decoder.take(binary: [1]) }
    let text = Array(#"52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#.utf8)
    #expect(try decoder.take(text: text) == nil)
    #expect(throws: SocketError.attachmentMissing) { try decoder.take(text: Array("1".utf8)) }
    #expect(try decoder.take(binary: [1, 2]) == nil)
    #expect(try decoder.take(binary: [3])?.attachments == [[1, 2], [3]])
    #expect(try decoder.take(text: text) == nil)
    #expect(try decoder.take(binary: [1, 2]) == nil)
    #expect(throws: SocketError.attachmentsTooLarge) { try decoder.take(binary: [3, 4]) }
  }

  @Test("what looks like a placeholder in a packet without attachments means itself")
  func noPlaceholder() throws {
    let packet = try #require(try SocketPacketTests.decoded(#"2["a",{"_placeholder":true,"num":5}]"#))
    #expect(packet.event?.arguments[0] == Array(#"{"_placeholder":true,"num":5}"#.utf8))
  }

  @Test("events, acks and answers to CONNECT are written as clients expect them")
  func writing() {
    func text(_ packet: SocketPacket) -> String { String(decoding: packet.text, as: UTF8.self) }
    #expect(text(.event("a\"\\\n€", [Self.json("1"), Self.json("{}")])) == #"2["a\"\\\u000a€",1,{}]"#)
    #expect(text(.event("a", [], namespace: "/x", id: 3)) == #"2/x,3["a"]"#)
    #expect(
      text(.event("a", [Self.json(#"{"_placeholder":true,"num":0}"#)], attachments: [[1]]))
        == #"51-["a",{"_placeholder":true,"num":0}]"#)
    #expect(text(.ack(7, [Self.json("1")])) == "37[1]")
    #expect(text(.ack(7, [], namespace: "/x", attachments: [[]])) == "61-/x,7[]")
    #expect(text(.connected("/", sid: "s")) == #"0{"sid":"s"}"#)
    #expect(text(.refused("/random", message: "Invalid namespace")) == #"4/random,{"message":"Invalid namespace"}"#)
    #expect(text(.refused("/", message: "no", data: Self.json("[1]"))) == #"4{"message":"no","data":[1]}"#)
  }

  @Test("an event's name is read with its escapes")
  func names() throws {
    let packet = try #require(try SocketPacketTests.decoded(#"2["a\"\\\/\b\f\n\r\t\u20AC\ud83d\ude00\ud800é"]"#))
    #expect(packet.event?.name == "a\"\\/\u{8}\u{C}\n\r\t€😀\u{FFFD}é")
    #expect(packet.answer == nil)
  }

  @Test("packets that are changed by chance are read or refused, and what is read is written and read the same")
  func property() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededNumbers(state: seed)
    let samples =
      SocketPacketTests.packets.map { Array($0.0.utf8) } + [
        Array(#"52-/a,7["file",{"_placeholder":true,"num":1},{"x":[{"num":0,"_placeholder":true}]}]"#.utf8)
      ]
    for _ in 0..<4000 {
      guard var text = samples.randomElement(using: &random) else { return }
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: 0...text.count, using: &random)
        let byte = Array("\"[]{},:/-0123456789abe\\truenull. ".utf8).randomElement(using: &random) ?? 0
        if Bool.random(using: &random), place < text.count { text[place] = byte } else { text.insert(byte, at: place) }
      }
      var decoder = SocketDecoder()
      guard var packet = try? decoder.take(text: text) else { continue }
      #expect((packet.event != nil) == (packet.kind == .event), "seed \(seed)")
      let written = packet.text
      var again = SocketDecoder()
      packet.attachments = []
      #expect(try again.take(text: written) == packet, "seed \(seed)")
    }
  }
}

/// Seeded chance.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0x94D0_49BB_1331_11EB
  }
}
