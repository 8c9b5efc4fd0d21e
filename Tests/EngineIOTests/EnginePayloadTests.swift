import EngineIO
import Testing

@Suite struct EnginePayloadTests {
  private static func text(_ text: String) -> EnginePacket { .text(Array(text.utf8)) }

  static let separated: [(String, [EnginePacket])] = [
    ("4hello", [text("hello")]),
    ("4test1\u{1E}4test2\u{1E}4test3", [text("test1"), text("test2"), text("test3")]),
    ("4hello\u{1E}bAQIDBA==", [text("hello"), .binary([1, 2, 3, 4])]),
    ("b", [.binary([])]), ("bAA==", [.binary([0])]), ("bAAE=", [.binary([0, 1])]), ("b+/8A", [.binary([251, 255, 0])]),
    ("2\u{1E}6\u{1E}1", [.ping([]), .noop, .close]), ("4€\u{1E}4", [text("€"), text("")]),
  ]

  @Test("a body of revision 4 is read and written the same", arguments: separated)
  func separatedBody(body: String, packets: [EnginePacket]) throws {
    #expect(try EnginePayload.packets(of: Array(body.utf8), version: .v4) == packets)
    let payload = EnginePayload(packets, version: .v4)
    #expect(payload.bytes == Array(body.utf8) && !payload.isBinary)
  }

  static let badSeparated: [(String, PacketError)] = [
    ("", .empty), ("abc", .unknownType), ("4a\u{1E}", .empty), ("\u{1E}4a", .empty), ("4a\u{1E}\u{1E}4b", .empty),
    ("bA", .base64), ("bAQ=", .base64), ("bAQ", .base64), ("bA===", .base64), ("b====", .base64), ("bAR==", .base64),
    ("bAAF=", .base64), ("bAQ==AQ==", .base64), ("bAQ-_", .base64), ("b AQ=", .base64), ("bQ=A=", .base64),
  ]

  @Test("a body that is none is refused", arguments: badSeparated)
  func badSeparatedBody(body: String, error: PacketError) {
    #expect(throws: error) { try EnginePayload.packets(of: Array(body.utf8), version: .v4) }
  }

  @Test("a body that is not UTF-8 is refused", arguments: [EngineVersion.v3, .v4])
  func notUTF8(version: EngineVersion) {
    let body: [UInt8] = version == .v4 ? [0x34, 0xFF] : [0x32, 0x3A, 0x34, 0xC3]
    #expect(throws: PacketError.notUTF8) { try EnginePayload.packets(of: body, version: version) }
    #expect(throws: PacketError.notUTF8) {
      try EnginePayload.packets(of: [0, 2, 255, 0x34, 0xFF], version: .v3)
    }
  }

  @Test("as many packets as may be are taken, and one more is refused")
  func limit() throws {
    for (version, body) in [(EngineVersion.v4, "4\u{1E}4\u{1E}4"), (.v3, "1:41:41:4")] {
      #expect(try EnginePayload.packets(of: Array(body.utf8), version: version, packetsMax: 3).count == 3)
      #expect(throws: PacketError.tooMany) {
        try EnginePayload.packets(of: Array(body.utf8), version: version, packetsMax: 2)
      }
    }
    #expect(throws: PacketError.tooMany) {
      try EnginePayload.packets(of: [0, 1, 255, 0x34, 0, 1, 255, 0x34], version: .v3, packetsMax: 1)
    }
  }

  static let prefixed: [(String, [EnginePacket])] = [
    ("6:4hello", [text("hello")]), ("6:4test16:4test2", [text("test1"), text("test2")]),
    ("6:4hello10:b4AQIDBA==", [text("hello"), .binary([1, 2, 3, 4])]), ("2:4€", [text("€")]),
    ("3:4😀1:2", [text("😀"), .ping([])]), ("1:3", [.pong([])]), ("2:b4", [.binary([])]),
  ]

  @Test("a body of revision 3 counts UTF-16 units, read and written the same", arguments: prefixed)
  func prefixedBody(body: String, packets: [EnginePacket]) throws {
    #expect(try EnginePayload.packets(of: Array(body.utf8), version: .v3) == packets)
    #expect(EnginePayload(packets, version: .v3).bytes == Array(body.utf8))
    // A client that takes bytes still gets text when no packet needs them.
    let payload = EnginePayload(packets, version: .v3, takesBytes: true)
    #expect(payload.isBinary == packets.contains { $0.isBinary })
    #expect(try EnginePayload.packets(of: payload.bytes, version: .v3) == packets)
  }

  @Test("a body of bytes of revision 3 is as the protocol's page shows it")
  func counted() throws {
    let packets = [EnginePayloadTests.text("€"), .binary([1, 2, 3, 4])]
    let payload = EnginePayload(packets, version: .v3, takesBytes: true)
    #expect(payload.bytes == [0, 4, 255, 0x34, 0xE2, 0x82, 0xAC, 1, 5, 255, 4, 1, 2, 3, 4] && payload.isBinary)
    let long = [EnginePacket.binary([UInt8](repeating: 7, count: 1234))]
    let bytes = EnginePayload(long, version: .v3, takesBytes: true).bytes
    #expect(bytes.prefix(7) == [1, 1, 2, 3, 5, 255, 4])
    #expect(try EnginePayload.packets(of: bytes, version: .v3) == long)
  }

  @Test(
    "a body of revision 3 whose lengths lie is refused",
    arguments: [
      "abc", "4hello", ":4", "0:", "6:4hell", "5:4hello", "-1:4", "+1:4", "1e1:4", "9999999999:4", "2:4😀", "6:4hello3",
      "4:b2AQ", "3:b4A",
    ])
  func badPrefixed(body: String) {
    #expect(throws: PacketError.self) { try EnginePayload.packets(of: Array(body.utf8), version: .v3) }
  }

  @Test(
    "a body of bytes whose lengths lie is refused",
    arguments: [
      [0], [0, 255], [0, 1, 255], [0, 2, 255, 0x34], [0, 10, 255, 0x34], [1, 1, 255, 5], [0, 1, 2, 3],
      [0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 255, 0x34], [0, 1, 255, 0x34, 7],
    ])
  func badCounted(body: [UInt8]) {
    #expect(throws: PacketError.self) { try EnginePayload.packets(of: body, version: .v3) }
  }

  @Test("packets survive writing and reading, and garbage is read or refused, never anything else")
  func property() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var dice = Dice(seed: seed)
    for _ in 0..<400 {
      let packets = (0..<Int(dice.next() % 5 + 1)).map { _ in dice.packet() }
      for (version, takesBytes) in [(EngineVersion.v4, false), (.v3, false), (.v3, true)] {
        let payload = EnginePayload(packets, version: version, takesBytes: takesBytes)
        #expect(try EnginePayload.packets(of: payload.bytes, version: version) == packets, "seed \(seed)")
        for body in [dice.garbled(payload.bytes), dice.bytes(12)] {
          guard let read = try? EnginePayload.packets(of: body, version: version) else { continue }
          let again = EnginePayload(read, version: version, takesBytes: takesBytes).bytes
          #expect(try EnginePayload.packets(of: again, version: version) == read, "seed \(seed)")
        }
      }
    }
  }
}

/// Seeded chance.
struct Dice {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func bytes(_ most: Int) -> [UInt8] {
    (0..<Int(next() % UInt64(most + 1))).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  mutating func text() -> [UInt8] {
    let letters = ["a", "€", "😀", "\"", "\\", "0", ":", "b", "\u{7F}", "é"]
    return Array((0..<Int(next() % 8)).map { _ in letters[Int(next() % 10)] }.joined().utf8)
  }

  mutating func packet() -> EnginePacket {
    switch next() % 7 {
    case 0: .close
    case 1: .ping(text())
    case 2: .pong(text())
    case 3: .binary(bytes(9))
    case 4: .noop
    default: .text(text())
    }
  }

  /// The same bytes with one changed, one gone or one more.
  mutating func garbled(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    let place = Int(next() % UInt64(max(bytes.count, 1)))
    switch next() % 3 {
    case 0 where !bytes.isEmpty: bytes[place] = UInt8(truncatingIfNeeded: next())
    case 1 where !bytes.isEmpty: bytes.remove(at: place)
    default: bytes.insert(UInt8(truncatingIfNeeded: next()), at: place)
    }
    return bytes
  }
}
