/// A set of ASCII bytes, tested without a table in memory.
///
/// - Source: the classes below quote the grammars of RFC 9110 section 5.6 and RFC 3986 section 3.
struct ByteSet {
  /// Bits of the bytes 0…63.
  let lo: UInt64
  /// Bits of the bytes 64…127.
  let hi: UInt64

  @inline(__always)
  func contains(_ byte: UInt8) -> Bool {
    if byte < 64 { return (lo &>> UInt64(byte)) & 1 == 1 }
    if byte < 128 { return (hi &>> UInt64(byte &- 64)) & 1 == 1 }
    return false
  }

  func containsAll(_ bytes: some Sequence<UInt8>) -> Bool {
    for byte in bytes where !contains(byte) { return false }
    return true
  }

  func containsAll(_ bytes: Span<UInt8>) -> Bool {
    for place in bytes.indices where !contains(bytes[place]) { return false }
    return true
  }

  /// `tchar` of RFC 9110: what methods and field names are made of.
  static var token: ByteSet { ByteSet(lo: 0x03ff_6cfa_0000_0000, hi: 0x57ff_ffff_c7ff_fffe) }

  /// What may stand in a request's path: `pchar`, `/`, and ``[]{}|^` `` which browsers leave as they are.
  static var path: ByteSet { ByteSet(lo: 0x2fff_fff2_0000_0000, hi: 0x7fff_ffff_efff_ffff) }

  /// What may stand in a request's query: the path's bytes, `?` and `\`, which browsers leave as they are.
  static var query: ByteSet { ByteSet(lo: 0xafff_fff2_0000_0000, hi: 0x7fff_ffff_ffff_ffff) }

  /// What a host name may consist of; the sub-delimiters of RFC 3986 (a comma above all) are not taken.
  static var hostName: ByteSet { ByteSet(lo: 0x03ff_6000_0000_0000, hi: 0x47ff_fffe_87ff_fffe) }

  /// What stands between the brackets of an IPv6 literal.
  static var ipv6: ByteSet { ByteSet(lo: 0x07ff_4000_0000_0000, hi: 0x0000_007e_0000_007e) }

  /// `unreserved` of RFC 3986: what percent-encoding leaves alone.
  static var unreserved: ByteSet { ByteSet(lo: 0x03ff_6000_0000_0000, hi: 0x47ff_fffe_87ff_fffe) }
}

/// The bytes that parsers name.
enum Byte {
  static let tab: UInt8 = 0x09
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let space: UInt8 = 0x20
  static let quote: UInt8 = 0x22
  static let percent: UInt8 = 0x25
  static let comma: UInt8 = 0x2C
  static let slash: UInt8 = 0x2F
  static let zero: UInt8 = 0x30
  static let colon: UInt8 = 0x3A
  static let semicolon: UInt8 = 0x3B
  static let equals: UInt8 = 0x3D
  static let question: UInt8 = 0x3F
  static let backslash: UInt8 = 0x5C
  static let delete: UInt8 = 0x7F

  /// The lower-case form of an ASCII letter; any other byte as it is.
  @inline(__always)
  static func lowered(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }

  /// The value of a hexadecimal digit, or nil.
  @inline(__always)
  static func hexValue(_ byte: UInt8) -> UInt8? {
    if byte &- zero < 10 { return byte &- zero }
    let letter = byte | 0x20
    if letter &- 0x61 < 6 { return letter &- 0x61 &+ 10 }
    return nil
  }

  /// True when the bytes are that text.
  static func equal(_ bytes: ArraySlice<UInt8>, _ text: StaticString) -> Bool {
    let (start, count) = (bytes.startIndex, text.utf8CodeUnitCount)
    guard bytes.count == count else { return false }
    for place in 0..<count where bytes[start &+ place] != text.utf8Start[place] { return false }
    return true
  }

  /// True when both are the same ASCII text, whatever the case.
  static func equalIgnoringCase(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for (a, b) in zip(left, right) where lowered(a) != lowered(b) { return false }
    return true
  }

  /// The bytes without blanks (space, tab) at the start.
  static func trimmedStart(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    bytes.drop { $0 == space || $0 == tab }
  }

  /// The bytes without blanks (space, tab) at either end: OWS of RFC 9110.
  static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var slice = trimmedStart(bytes)
    while let last = slice.last, last == space || last == tab { slice.removeLast() }
    return slice
  }
}

extension Span<UInt8> {
  /// Where a byte stands first in a part; the part's end, if nowhere.
  func index(of byte: UInt8, in part: Range<Int>) -> Int {
    var place = part.lowerBound
    while place < part.upperBound, self[place] != byte { place &+= 1 }
    return place
  }
}
