/// Reads the tokens of a JSON text; the parser and the frame scanner share it.
///
/// The bytes are a parameter everywhere, because a stored span would make every user of the lexer a scoped type.
/// - Source: RFC 8259 sections 2, 6 and 7.
struct JSONLexer {
  private(set) var index: Int
  let end: Int
  let limits: JSONLimits

  init(_ range: Range<Int>, limits: JSONLimits) {
    self.index = range.lowerBound
    self.end = range.upperBound
    self.limits = limits
  }

  /// Checks what holds for the text as a whole: its length, no byte order mark, valid UTF-8.
  static func checkText(_ bytes: Span<UInt8>, limits: JSONLimits) throws(JSONError) {
    guard !bytes.isEmpty else { throw JSONError(reason: .empty, offset: 0) }
    guard bytes.count <= limits.bytesMax else { throw JSONError(reason: .tooLarge, offset: limits.bytesMax) }
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
      throw JSONError(reason: .byteOrderMark, offset: 0)
    }
    do { _ = try UTF8Span(validating: bytes) } catch {
      throw JSONError(reason: .notUTF8, offset: error.byteOffsets.lowerBound)
    }
  }

  func failure(_ reason: JSONError.Reason) -> JSONError { JSONError(reason: reason, offset: index) }

  /// The error for a byte that no rule allows here, or for the end of the text.
  func surprise(_ reason: JSONError.Reason = .unexpectedByte) -> JSONError {
    failure(index < end ? reason : .unexpectedEnd)
  }

  func peek(_ bytes: Span<UInt8>) -> UInt8? { index < end ? bytes[index] : nil }

  /// The next byte, which must exist.
  func upcoming(_ bytes: Span<UInt8>) throws(JSONError) -> UInt8 {
    guard index < end else { throw failure(.unexpectedEnd) }
    return bytes[index]
  }

  mutating func advance() { index &+= 1 }

  mutating func skipSpace(_ bytes: Span<UInt8>) {
    while index < end {
      switch bytes[index] {
      case UInt8(ascii: " "), 0x0A, 0x0D, 0x09: index &+= 1
      default: return
      }
    }
  }

  /// Takes the byte if it comes next.
  mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
    guard index < end, bytes[index] == byte else { return false }
    index &+= 1
    return true
  }

  /// Takes one of the three words of JSON.
  mutating func word(_ word: StaticString, _ bytes: Span<UInt8>) throws(JSONError) {
    for place in 0..<word.utf8CodeUnitCount {
      guard index < end, bytes[index] == word.utf8Start[place] else { throw surprise() }
      index &+= 1
    }
  }
}

// MARK: Strings

extension JSONLexer {
  /// A string: its bytes between the quotes, and whether escapes stand among them.
  struct StringToken {
    let range: Range<Int>
    let escaped: Bool
  }

  /// Takes a string and checks all of it, so that reading its text later cannot fail.
  mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> StringToken {
    guard take(UInt8(ascii: "\""), bytes) else { throw surprise() }
    let start = index
    var escaped = false
    while true {
      skipPlain(bytes)
      guard index < end else { throw failure(.unexpectedEnd) }
      switch bytes[index] {
      case UInt8(ascii: "\""):
        index &+= 1
        return StringToken(range: start..<(index &- 1), escaped: escaped)
      case UInt8(ascii: "\\"):
        escaped = true
        try escape(bytes)
      case 0: throw failure(.nulCharacter)
      default: throw failure(.controlCharacter)
      }
    }
  }

  /// Moves to the next quote, backslash or control character, eight bytes at a time.
  private mutating func skipPlain(_ bytes: Span<UInt8>) {
    while index &+ 8 <= end {
      let word = bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
      guard !WordScan.hasStringEnd(word) else { break }
      index &+= 8
    }
    while index < end {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return }
      index &+= 1
    }
  }

  private mutating func escape(_ bytes: Span<UInt8>) throws(JSONError) {
    index &+= 1
    guard index < end else { throw failure(.unexpectedEnd) }
    switch bytes[index] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      index &+= 1
    case UInt8(ascii: "u"): try unicodeEscape(bytes)
    default: throw failure(.badEscape)
    }
  }

  private mutating func unicodeEscape(_ bytes: Span<UInt8>) throws(JSONError) {
    let first = try hexUnit(bytes)
    if first == 0 { throw failure(.nulCharacter) }
    if first & 0xFC00 == 0xDC00 { throw failure(.loneSurrogate) }
    guard first & 0xFC00 == 0xD800 else { return }
    guard index &+ 1 < end, bytes[index] == UInt8(ascii: "\\"), bytes[index &+ 1] == UInt8(ascii: "u") else {
      throw failure(.loneSurrogate)
    }
    index &+= 1
    guard try hexUnit(bytes) & 0xFC00 == 0xDC00 else { throw failure(.loneSurrogate) }
  }

  /// Takes `uXXXX`.
  private mutating func hexUnit(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
    index &+= 1
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard index < end, let digit = Hex.digit(bytes[index]) else { throw surprise(.badEscape) }
      unit = unit << 4 | UInt16(digit)
      index &+= 1
    }
    return unit
  }
}

// MARK: Numbers

extension JSONLexer {
  /// A number: its bytes, and whether they are digits only.
  struct NumberToken {
    let range: Range<Int>
    let isInteger: Bool
  }

  /// Takes a number by the grammar; its value is made elsewhere.
  mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> NumberToken {
    let start = index
    let negative = take(UInt8(ascii: "-"), bytes)
    let digitsStart = index
    try digits(bytes)
    let leadsWithZero = bytes[digitsStart] == UInt8(ascii: "0")
    if leadsWithZero, index &- digitsStart > 1 {
      throw JSONError(reason: .badNumber, offset: digitsStart)
    }
    var isInteger = !(negative && leadsWithZero)
    if take(UInt8(ascii: "."), bytes) {
      isInteger = false
      try digits(bytes)
    }
    if take(UInt8(ascii: "e"), bytes) || take(UInt8(ascii: "E"), bytes) {
      isInteger = false
      if !take(UInt8(ascii: "+"), bytes) { _ = take(UInt8(ascii: "-"), bytes) }
      try digits(bytes)
    }
    guard index &- start <= JSONLimits.numberBytesMax else {
      throw JSONError(reason: .numberTooLong, offset: start)
    }
    return NumberToken(range: start..<index, isInteger: isInteger)
  }

  private mutating func digits(_ bytes: Span<UInt8>) throws(JSONError) {
    let start = index
    while index < end, bytes[index] &- UInt8(ascii: "0") < 10 { index &+= 1 }
    guard index > start else { throw surprise(.badNumber) }
  }
}
