/// Checks UTF-8 piece by piece and refuses at the first byte that cannot be.
///
/// - Source: RFC 3629 section 4; the second byte's ranges shut out overlong forms, surrogates and what is over
///   U+10FFFF.
struct UTF8Check: Sendable {
  /// Continuation bytes still to come.
  private var missing: UInt8 = 0
  /// The range of the next continuation byte.
  private var low: UInt8 = 0x80
  private var high: UInt8 = 0xBF

  /// True when no character is half there.
  var isComplete: Bool { missing == 0 }

  /// Takes bytes; false at the first bad one.
  mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    let count = bytes.count
    while index < count {
      if missing == 0 {
        // Chat is mostly ASCII: eight bytes at once while no high bit is set.
        while index &+ 8 <= count {
          let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
          if word & 0x8080_8080_8080_8080 != 0 { break }
          index &+= 8
        }
        guard index < count else { break }
      }
      guard takeByte(bytes[index]) else { return false }
      index &+= 1
    }
    return true
  }

  @inline(__always)
  private mutating func takeByte(_ byte: UInt8) -> Bool {
    if missing > 0 {
      guard byte >= low && byte <= high else { return false }
      missing &-= 1
      low = 0x80
      high = 0xBF
      return true
    }
    switch byte {
    case 0x00...0x7F: return true
    case 0xC2...0xDF: expect(1)
    case 0xE0: expect(2, low: 0xA0)
    case 0xED: expect(2, high: 0x9F)
    case 0xE1...0xEF: expect(2)
    case 0xF0: expect(3, low: 0x90)
    case 0xF1...0xF3: expect(3)
    case 0xF4: expect(3, high: 0x8F)
    default: return false
    }
    return true
  }

  @inline(__always)
  private mutating func expect(_ count: UInt8, low: UInt8 = 0x80, high: UInt8 = 0xBF) {
    missing = count
    self.low = low
    self.high = high
  }
}
