/// How many UTF-16 units a text has: what JavaScript calls its length.
enum UTF16Length {
  static func of(_ utf8: [UInt8]) -> Int {
    var length = 0
    for byte in utf8 { length += units(for: byte) }
    return length
  }

  /// The units of the character that begins with this byte; none for a byte that goes on.
  static func units(for byte: UInt8) -> Int {
    if byte & 0xC0 == 0x80 { return 0 }
    return byte >= 0xF0 ? 2 : 1
  }
}

/// A payload of revision 3 as text: `6:4hello`.
enum PrefixedPayload {
  /// - Parameter body: valid UTF-8.
  static func packets(of body: [UInt8], packetsMax: Int) throws(PacketError) -> [EnginePacket] {
    var packets: [EnginePacket] = []
    var index = 0
    while index < body.count {
      guard packets.count < packetsMax else { throw .tooMany }
      let units = try length(body, &index)
      let end = try end(of: units, in: body, from: index)
      packets.append(try packet(body[index..<end]))
      index = end
    }
    return packets
  }

  private static func packet(_ text: ArraySlice<UInt8>) throws(PacketError) -> EnginePacket {
    guard text.first == UInt8(ascii: "b") else { return try EnginePacket(text: text) }
    guard text.dropFirst().first == UInt8(ascii: "4") else { throw .unknownType }
    guard let data = Base64.decode(text.dropFirst(2)) else { throw .base64 }
    return .binary(data)
  }

  private static func length(_ body: [UInt8], _ index: inout Int) throws(PacketError) -> Int {
    var digits = LengthDigits()
    while index < body.count, body[index] != UInt8(ascii: ":") {
      try digits.take(body[index] &- UInt8(ascii: "0"))
      index += 1
    }
    guard index < body.count else { throw .length }
    index += 1
    return try digits.value()
  }

  private static func end(of units: Int, in body: [UInt8], from start: Int) throws(PacketError) -> Int {
    var left = units
    var index = start
    while index < body.count, left > 0 {
      left -= UTF16Length.units(for: body[index])
      index += 1
      while index < body.count, body[index] & 0xC0 == 0x80 { index += 1 }
    }
    // A length that ends inside of a surrogate pair leaves minus one.
    guard left == 0 else { throw .length }
    return index
  }
}

/// A payload of revision 3 as bytes: 0 or 1, the digits of the length, 255, the packet.
enum CountedPayload {
  static func packets(of body: [UInt8], packetsMax: Int) throws(PacketError) -> [EnginePacket] {
    var packets: [EnginePacket] = []
    var index = 0
    while index < body.count {
      guard packets.count < packetsMax else { throw .tooMany }
      let kind = body[index]
      guard kind <= 1 else { throw .length }
      index += 1
      let count = try length(body, &index)
      guard count <= body.count - index else { throw .length }
      packets.append(try packet(body[index..<(index + count)], isText: kind == 0))
      index += count
    }
    return packets
  }

  private static func packet(_ bytes: ArraySlice<UInt8>, isText: Bool) throws(PacketError) -> EnginePacket {
    guard isText else { return try EnginePacket(binary: bytes, version: .v3) }
    guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
    return try EnginePacket(text: bytes)
  }

  private static func length(_ body: [UInt8], _ index: inout Int) throws(PacketError) -> Int {
    var digits = LengthDigits()
    while index < body.count, body[index] != 0xFF {
      try digits.take(body[index])
      index += 1
    }
    guard index < body.count else { throw .length }
    index += 1
    return try digits.value()
  }
}

/// A decimal length, digit by digit.
private struct LengthDigits {
  private var number = 0
  private var count = 0

  mutating func take(_ digit: UInt8) throws(PacketError) {
    guard digit <= 9, count < 9 else { throw .length }
    number = number * 10 + Int(digit)
    count += 1
  }

  func value() throws(PacketError) -> Int {
    guard count > 0, number > 0 else { throw .length }
    return number
  }
}
