/// Looks for bytes that hardly any text has, eight at once.
///
/// - Source: the zero-byte test of "Bit Twiddling Hacks": exact for "is there any", whatever the byte order.
enum ByteScan {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  /// Not 0 when one of the eight is below 0x20.
  static func controls(_ word: UInt64) -> UInt64 { (word &- ones &* 0x20) & ~word & highs }

  /// Not 0 when one of the eight is below 0x20, above 0x7F, or 0x7F; maybe also when one is 0x7E.
  static func others(_ word: UInt64) -> UInt64 { controls(word) | (word &+ ones &* 2 | word) & highs }

  /// Whether a byte of the text's UTF-8 is one of those; only words that `mayHave` says not 0 of are looked at one by
  /// one.
  @inline(__always)
  static func hasAny(
    of text: String, inWords mayHave: (UInt64) -> UInt64, _ isOne: (UInt8) -> Bool
  ) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      let raw = UnsafeRawBufferPointer(bytes)
      var place = 0
      while place &+ 8 <= raw.count {
        if mayHave(raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)) != 0,
          raw[place..<place &+ 8].contains(where: isOne)
        {
          return true
        }
        place &+= 8
      }
      return raw[place...].contains(where: isOne)
    }
  }
}
