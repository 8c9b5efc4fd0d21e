/// Questions asked of eight bytes at once.
///
/// - Source: the zero-byte test of "Bit Twiddling Hacks": exact for "is there any", whatever the byte order.
enum WordScan {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  private static func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }
  private static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 { zeros(word ^ (ones &* UInt64(byte))) }
  private static func controls(_ word: UInt64) -> UInt64 { (word &- ones &* 0x20) & ~word & highs }

  /// Whether a quote, a backslash or a control character is among the bytes.
  static func hasStringEnd(_ word: UInt64) -> Bool {
    controls(word) | equal(word, UInt8(ascii: "\"")) | equal(word, UInt8(ascii: "\\")) != 0
  }

  /// Whether a byte is among them that the writer escapes, or that may begin U+2028 or U+2029.
  static func needsEscape(_ word: UInt64) -> Bool {
    // `"` and `&` differ in the bit 0x04, `<` and `>` in the bit 0x02: one comparison finds both.
    let quoteOrAmpersand = equal(word | ones &* 0x04, UInt8(ascii: "&"))
    let angle = equal(word | ones &* 0x02, UInt8(ascii: ">"))
    return controls(word) | quoteOrAmpersand | angle | equal(word, UInt8(ascii: "\\")) | equal(word, 0xE2) != 0
  }
}

/// The sixteen digits.
enum Hex {
  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
    default: nil
    }
  }

  static func letter(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10
  }
}
