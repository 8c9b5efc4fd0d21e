/// Copies text into a JSON string, escaping what JSON and HTML would misread.
///
/// Besides what JSON asks, `<`, `>`, `&`, U+2028 and U+2029 are escaped, so that the text is harmless inside a script
/// element.
/// - Source: RFC 8259 section 7.
@usableFromInline enum JSONEscaping {
  /// What a byte takes at most: `\u001f`.
  static let growthMax = 6

  /// Whether the text is its own escaped form; false also for some that are, when they have bytes above ASCII.
  static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let (raw, count) = (UnsafeRawBufferPointer(text), text.count)
    guard count >= 16 else { return isPlain(short: raw) }
    var found: UInt8 = 0
    var index = 0
    while index &+ 16 < count {
      found |= candidates(raw, index)
      index &+= 16
    }
    // The last ones once more with those before them, instead of one by one.
    return found | candidates(raw, count &- 16) == 0
  }

  /// Not 0 when one of sixteen bytes may need an escape; without a branch, so that the compiler compares all at once.
  @inline(__always)
  private static func candidates(_ raw: UnsafeRawBufferPointer, _ start: Int) -> UInt8 {
    var found: UInt8 = 0
    for place in 0..<16 {
      let byte = raw[start &+ place]
      let control: UInt8 = byte < 0x20 ? 1 : 0
      // `"` and `&` differ in the bit 0x04, `<` and `>` in the bit 0x02: one comparison finds both.
      let quoteOrAmpersand: UInt8 = byte | 0x04 == UInt8(ascii: "&") ? 1 : 0
      let angle: UInt8 = byte | 0x02 == UInt8(ascii: ">") ? 1 : 0
      let backslash: UInt8 = byte == UInt8(ascii: "\\") ? 1 : 0
      let separator: UInt8 = byte == 0xE2 ? 1 : 0
      found |= control | quoteOrAmpersand | angle | backslash | separator
    }
    return found
  }

  private static func isPlain(short raw: UnsafeRawBufferPointer) -> Bool {
    let count = raw.count
    if count >= 8 {
      return !WordScan.needsEscape(raw.loadUnaligned(as: UInt64.self))
        && !WordScan.needsEscape(raw.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
    }
    if count >= 4 {
      let first = UInt64(raw.loadUnaligned(as: UInt32.self))
      let last = UInt64(raw.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
      return !WordScan.needsEscape(first | last << 32)
    }
    for byte in raw where isCandidate(byte) { return false }
    return true
  }

  static func append(_ text: UnsafeBufferPointer<UInt8>, to buffer: inout [UInt8]) {
    var runStart = 0
    var index = 0
    while index < text.count {
      index = nextCandidate(text, from: index)
      guard index < text.count else { break }
      let length = escapedLength(text, at: index)
      guard length > 0 else {
        index &+= 1
        continue
      }
      buffer.append(contentsOf: UnsafeBufferPointer(rebasing: text[runStart..<index]))
      escape(text, at: index, length: length, to: &buffer)
      index &+= length
      runStart = index
    }
    buffer.append(contentsOf: UnsafeBufferPointer(rebasing: text[runStart..<text.count]))
  }

  /// Writes a string with its quotes into room for ``growthMax`` bytes for each of its own, and says how many they are.
  @usableFromInline static func put(_ text: UnsafeBufferPointer<UInt8>, _ room: UnsafeMutablePointer<UInt8>) -> Int {
    var escaped = [UInt8(ascii: "\"")]
    append(text, to: &escaped)
    escaped.append(UInt8(ascii: "\""))
    room.update(from: escaped, count: escaped.count)
    return escaped.count
  }

  /// The next byte that may need an escape.
  private static func nextCandidate(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    var index = start
    let raw = UnsafeRawBufferPointer(text)
    while index &+ 8 <= text.count {
      guard !WordScan.needsEscape(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) else { break }
      index &+= 8
    }
    while index < text.count, !isCandidate(text[index]) { index &+= 1 }
    return index
  }

  private static func isCandidate(_ byte: UInt8) -> Bool {
    switch byte {
    case 0..<0x20, 0xE2: true
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): true
    default: false
    }
  }

  /// How many bytes of the text the escape stands for; 0 if there is nothing to escape.
  private static func escapedLength(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
    guard text[index] == 0xE2 else { return 1 }
    guard index &+ 2 < text.count, text[index &+ 1] == 0x80 else { return 0 }
    return text[index &+ 2] & 0xFE == 0xA8 ? 3 : 0
  }

  private static func escape(
    _ text: UnsafeBufferPointer<UInt8>, at index: Int, length: Int, to buffer: inout [UInt8]
  ) {
    buffer.append(UInt8(ascii: "\\"))
    guard length == 1 else {
      return appendUnit(text[index &+ 2] == 0xA8 ? 0x2028 : 0x2029, to: &buffer)
    }
    switch text[index] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer.append(text[index])
    case 0x08: buffer.append(UInt8(ascii: "b"))
    case 0x09: buffer.append(UInt8(ascii: "t"))
    case 0x0A: buffer.append(UInt8(ascii: "n"))
    case 0x0C: buffer.append(UInt8(ascii: "f"))
    case 0x0D: buffer.append(UInt8(ascii: "r"))
    default: appendUnit(UInt16(text[index]), to: &buffer)
    }
  }

  private static func appendUnit(_ unit: UInt16, to buffer: inout [UInt8]) {
    buffer.append(UInt8(ascii: "u"))
    for shift in [UInt16(12), 8, 4, 0] {
      buffer.append(Hex.letter(UInt8(truncatingIfNeeded: unit >> shift & 0xF)))
    }
  }
}
