/// Finds the id of a frame that was refused as a whole, so that the client knows which request the refusal answers.
enum FrameID {
  /// The text of the only `"id"` at the top level, if it is written without escapes.
  static func find(in bytes: Span<UInt8>, _ limits: RealtimeLimits) -> String? {
    var found: String?
    var walk = Walk()
    while let token = walk.nextString(bytes) {
      guard walk.depth == 1, !token.isEscaped, equals(bytes, token.range, "id"), walk.take(UInt8(ascii: ":"), bytes)
      else { continue }
      guard found == nil, let value = walk.stringHere(bytes), !value.isEscaped,
        (1...limits.idBytesMax).contains(value.range.count)
      else { return nil }
      found = text(bytes, value.range)
    }
    return found
  }

  private static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
    range.count == text.utf8CodeUnitCount
      && range.indices.allSatisfy { bytes[$0] == text.utf8Start[$0 - range.lowerBound] }
  }

  private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var copy: [UInt8] = []
    for place in range { copy.append(bytes[place]) }
    return String(decoding: copy, as: UTF8.self)
  }

  /// A walk over strings and brackets that trusts nothing else.
  private struct Walk {
    var depth = 0
    private var index = 0

    struct Token {
      let range: Range<Int>
      let isEscaped: Bool
    }

    /// The next string, whatever stands before it.
    mutating func nextString(_ bytes: Span<UInt8>) -> Token? {
      while index < bytes.count {
        switch bytes[index] {
        case UInt8(ascii: "\""): return stringHere(bytes)
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        index += 1
      }
      return nil
    }

    /// The string that begins here, space aside.
    mutating func stringHere(_ bytes: Span<UInt8>) -> Token? {
      skipSpace(bytes)
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return nil }
      index += 1
      let start = index
      var isEscaped = false
      while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
        if bytes[index] == UInt8(ascii: "\\") {
          isEscaped = true
          index += 1
        }
        index += 1
      }
      let end = min(index, bytes.count)
      index += 1
      return Token(range: start..<end, isEscaped: isEscaped)
    }

    mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
      skipSpace(bytes)
      guard index < bytes.count, bytes[index] == byte else { return false }
      index += 1
      return true
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
      while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }
  }
}
