/// A session's id: 128 random bits, kept as such since their text would take a hundred bytes more.
///
/// - Shape: `"5f0c…"`, 32 hexadecimal digits.
public struct SessionName: Sendable, Hashable, CustomStringConvertible {
  /// Bytes of its text.
  static let digits = 32

  private let high: UInt64
  private let low: UInt64

  /// Draws one; `random` gives numbers of 32 bits.
  init(random: () -> UInt32) {
    high = UInt64(random()) << 32 | UInt64(random())
    low = UInt64(random()) << 32 | UInt64(random())
  }

  /// As clients and logs see it.
  public var description: String {
    String(unsafeUninitializedCapacity: SessionName.digits) { text in
      for place in 0..<SessionName.digits {
        let half = place < 16 ? high : low
        let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (place % 16))) & 0xF
        text[place] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
      }
      return SessionName.digits
    }
  }
}
