/// One of the 16,384 shares of a Redis cluster's keys.
///
/// - Source: Redis cluster specification, "Key distribution model" and "Hash tags".
public struct HashSlot: Hashable, Sendable, Comparable {
  /// How many there are.
  public static let count: UInt16 = 16_384
  /// The number, 0 … 16,383.
  public let number: UInt16

  /// A number that came from outside; nothing when there is no such slot.
  init?(number: Int64) {
    guard number >= 0, number < Int64(HashSlot.count) else { return nil }
    self.number = UInt16(number)
  }

  init(_ number: UInt16) { self.number = number % HashSlot.count }

  /// The slot of a key: of what stands between its first `{` and the next `}`, unless that is empty; else of all of it.
  public init(of key: some Sequence<UInt8>) { self.init(ofBytes: Array(key)[...]) }

  /// The slot of a key.
  public init(of key: String) { self.init(ofBytes: Array(key.utf8)[...]) }

  init(ofBytes key: ArraySlice<UInt8>) {
    number = HashSlot.crc16(HashSlot.hashed(key)) % HashSlot.count
  }

  /// Orders slots by number.
  public static func < (left: HashSlot, right: HashSlot) -> Bool { left.number < right.number }

  private static func hashed(_ key: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard let open = key.firstIndex(of: UInt8(ascii: "{")) else { return key }
    let rest = key[(open + 1)...]
    guard let close = rest.firstIndex(of: UInt8(ascii: "}")), close > rest.startIndex else { return key }
    return rest[..<close]
  }

  /// CRC-16/XMODEM: polynomial 0x1021, no reflection, starts at 0.
  static func crc16(_ bytes: some Sequence<UInt8>) -> UInt16 {
    var crc: UInt16 = 0
    for byte in bytes {
      crc ^= UInt16(byte) << 8
      for _ in 0..<8 { crc = crc & 0x8000 != 0 ? (crc << 1) ^ 0x1021 : crc << 1 }
    }
    return crc
  }
}
