/// Turns tokens that the lexer has checked into values.
enum JSONScalar {
  /// The text of a string; cannot fail, because the lexer has checked its escapes.
  static func text(_ token: JSONLexer.StringToken, _ bytes: Span<UInt8>) -> String {
    let raw = bytes.extracting(token.range)
    guard token.escaped else { return String(copying: UTF8Span(unchecked: raw)) }
    var plain: [UInt8] = []
    plain.reserveCapacity(raw.count)
    var index = 0
    while index < raw.count {
      if raw[index] == UInt8(ascii: "\\"), index + 1 < raw.count {
        unescape(raw, &index, into: &plain)
      } else {
        plain.append(raw[index])
        index += 1
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }

  private static func unescape(_ raw: Span<UInt8>, _ index: inout Int, into plain: inout [UInt8]) {
    let letter = raw[index + 1]
    index += 2
    switch letter {
    case UInt8(ascii: "b"): plain.append(0x08)
    case UInt8(ascii: "f"): plain.append(0x0C)
    case UInt8(ascii: "n"): plain.append(0x0A)
    case UInt8(ascii: "r"): plain.append(0x0D)
    case UInt8(ascii: "t"): plain.append(0x09)
    case UInt8(ascii: "u"):
      var scalar = unit(raw, at: index)
      index += 4
      if scalar & 0xFC00 == 0xD800 {
        scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit(raw, at: index + 2) & 0x3FF
        index += 6
      }
      plain.append(contentsOf: UTF8.encode(Unicode.Scalar(scalar) ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter)
    default: plain.append(letter)
    }
  }

  private static func unit(_ raw: Span<UInt8>, at start: Int) -> UInt32 {
    var unit: UInt32 = 0
    for place in start..<start + 4 where place < raw.count {
      unit = unit << 4 | UInt32(Hex.digit(raw[place]) ?? 0)
    }
    return unit
  }

  /// The value of a number.
  static func number(_ token: JSONLexer.NumberToken, _ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
    if token.isInteger {
      guard let value = integer(bytes, token.range) else {
        throw JSONError(reason: .numberOutOfRange, offset: token.range.lowerBound)
      }
      return .integer(value)
    }
    let text = String(copying: UTF8Span(unchecked: bytes.extracting(token.range)))
    guard let value = Double(text), value.isFinite else {
      throw JSONError(reason: .numberOutOfRange, offset: token.range.lowerBound)
    }
    return .number(value)
  }

  /// The integer of a sign and digits, if it is within ±(2^53 - 1).
  static func integer(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int64? {
    guard !range.isEmpty else { return nil }
    let negative = bytes[range.lowerBound] == UInt8(ascii: "-")
    let digits = (range.lowerBound + (negative ? 1 : 0))..<range.upperBound
    guard (1...16).contains(digits.count) else { return nil }
    var value: Int64 = 0
    for place in digits {
      let digit = bytes[place] &- UInt8(ascii: "0")
      guard digit < 10 else { return nil }
      value = value &* 10 &+ Int64(digit)
    }
    guard value <= JSONLimits.integerMax else { return nil }
    return negative ? -value : value
  }
}
