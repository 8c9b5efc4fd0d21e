import Testing

@testable import ChatCore

/// Texts around the length of a word, with the byte that is looked for at each place.
@Suite struct ByteScanTests {
  private static let lengths = 0...33

  /// What the scan says of every byte value at every place, beside a look at each byte.
  private static func check(_ mayHave: (UInt64) -> UInt64, _ isOne: (UInt8) -> Bool) {
    for length in lengths {
      let plain = [UInt8](repeating: 0x61, count: length)
      let isFound = ByteScan.hasAny(of: String(decoding: plain, as: UTF8.self), inWords: mayHave, isOne)
      #expect(!isFound)
      for place in 0..<length {
        for byte in UInt8(0)...0x7F {
          var bytes = plain
          bytes[place] = byte
          let text = String(decoding: bytes, as: UTF8.self)
          guard ByteScan.hasAny(of: text, inWords: mayHave, isOne) != isOne(byte) else { continue }
          Issue.record("\(byte) at \(place) of \(length)")
        }
      }
    }
  }

  @Test func `a control character is found at each place of a text`() {
    Self.check(ByteScan.controls) { $0 < 0x20 && $0 != 0x0A }
  }

  @Test func `whatever is no visible ASCII or blank is found at each place`() {
    Self.check(ByteScan.others) { $0 < 0x20 || $0 > 0x7E }
  }

  @Test func `letters beyond ASCII are found wherever they stand, and are no controls`() {
    for length in Self.lengths {
      let text = String(repeating: "a", count: length) + "\u{85}\u{FFFD}\u{10FFFF}"
      #expect(ByteScan.hasAny(of: text, inWords: ByteScan.others) { $0 > 0x7E })
      #expect(!ByteScan.hasAny(of: text, inWords: ByteScan.controls) { $0 < 0x20 })
    }
  }
}
