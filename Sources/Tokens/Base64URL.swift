/// Base64 with the URL alphabet, without padding, in its one canonical spelling.
///
/// Two spellings of one value would let a changed token pass as another one, so a remainder of bits must be zero.
/// - Source: RFC 4648 sections 3.5 and 5, RFC 7515 section 2.
public enum Base64URL {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// Spells the bytes.
  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count * 4 + 2) / 3)
    var bits: UInt32 = 0
    var waiting = 0
    for byte in bytes {
      bits = bits << 8 | UInt32(byte)
      waiting += 8
      while waiting >= 6 {
        waiting -= 6
        text.append(alphabet[Int(bits >> waiting & 63)])
      }
    }
    if waiting > 0 { text.append(alphabet[Int(bits << (6 - waiting) & 63)]) }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes of a text; nil for padding, space, another alphabet, an impossible length or stray last bits.
  public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count * 3 / 4)
    var bits: UInt32 = 0
    var waiting = 0
    for letter in text {
      guard let six = value(of: letter) else { return nil }
      bits = bits << 6 | six
      waiting += 6
      if waiting >= 8 {
        waiting -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> waiting))
      }
    }
    guard bits & (1 << waiting - 1) == 0 else { return nil }
    return bytes
  }

  private static func value(of letter: UInt8) -> UInt32? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter &- UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter &- UInt8(ascii: "a") &+ 26)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter &- UInt8(ascii: "0") &+ 52)
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
