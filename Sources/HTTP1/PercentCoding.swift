/// Percent-encoding of paths and queries.
///
/// - Source: RFC 3986 section 2.1; for queries the form encoding's `+` for a space.
public enum PercentCoding {
  /// Decodes bytes, strictly.
  ///
  /// - Returns: nil for a `%` without two hexadecimal digits, for what is not UTF-8 (overlong forms too), and for NUL.
  public static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool = false) -> String? {
    if let plain = bytes.withContiguousStorageIfAvailable({ plain($0, plusIsSpace) }), let plain { return plain }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var iterator = bytes.makeIterator()
    while let byte = iterator.next() {
      var value = byte
      if byte == Byte.percent {
        guard let high = iterator.next().flatMap(Byte.hexValue), let low = iterator.next().flatMap(Byte.hexValue) else {
          return nil
        }
        value = high << 4 | low
      } else if plusIsSpace && byte == UInt8(ascii: "+") {
        value = Byte.space
      }
      guard value != 0 else { return nil }
      decoded.append(value)
    }
    return String(validating: decoded, as: UTF8.self)
  }

  /// The text of bytes that stand for themselves, as nearly all do; nil when one of them does not.
  private static func plain(_ bytes: UnsafeBufferPointer<UInt8>, _ plusIsSpace: Bool) -> String? {
    var all: UInt8 = 0
    for byte in bytes {
      if byte == Byte.percent || byte == 0 || byte == UInt8(ascii: "+") && plusIsSpace { return nil }
      all |= byte
    }
    return all < 0x80 ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
  }

  /// Decodes a part of a text; see ``decode(_:plusIsSpace:)-swift.type.method``.
  static func decode(_ bytes: Span<UInt8>, _ part: Range<Int>, plusIsSpace: Bool = false) -> String? {
    bytes.extracting(part).withUnsafeBufferPointer { decode($0, plusIsSpace: plusIsSpace) }
  }

  /// Decodes a text, strictly; see ``decode(_:plusIsSpace:)-swift.type.method``.
  public static func decode(_ text: String, plusIsSpace: Bool = false) -> String? {
    decode(text.utf8, plusIsSpace: plusIsSpace)
  }

  /// Encodes all bytes but RFC 3986's unreserved ones.
  public static func encode(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      if ByteSet.unreserved.contains(byte) {
        encoded.append(byte)
      } else {
        encoded.append(contentsOf: [Byte.percent, digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }
}
