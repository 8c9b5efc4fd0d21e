import Glibc

/// An IPv4 or IPv6 address as sixteen bytes; IPv4 in the form mapped into IPv6.
public struct IPAddress: Sendable, Equatable {
  private var high: UInt64
  private var low: UInt64
  /// 32 for an address written as IPv4, 128 else.
  public private(set) var bits: Int

  /// Reads an address as it is written; nil when it is none.
  public init?(_ text: String) {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      high = 0
      low = IPAddress.mapped | UInt64(UInt32(bigEndian: four.s_addr))
      bits = 32
      return
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    (high, low) = withUnsafeBytes(of: six) { bytes in
      (
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    bits = 128
  }

  /// True when the first `bits` of 128 are those of the other address.
  public func hasPrefix(_ other: IPAddress, bits: Int) -> Bool {
    // A shift by 64 or more gives 0 here, which is the mask that is wanted.
    let highMask = ~UInt64(0) << UInt64(max(64 - bits, 0))
    let lowMask = ~UInt64(0) << UInt64(min(128 - bits, 64))
    return (high ^ other.high) & highMask == 0 && (low ^ other.low) & lowMask == 0
  }

  /// What limits are counted by: an IPv4 address as it is, of an IPv6 address its network of 64 bits, since one
  /// household has all addresses of it.
  ///
  /// - Returns: `192.0.2.7`, `2001:db8:0:1::/64`; a text that is no address, as it is.
  public static func block(of text: String) -> String {
    guard let address = IPAddress(text) else { return text }
    if address.high == 0, address.low & ~0xFFFF_FFFF == mapped {
      return [24, 16, 8, 0].map { String(address.low >> $0 & 0xFF) }.joined(separator: ".")
    }
    return [48, 32, 16, 0].map { String(address.high >> $0 & 0xFFFF, radix: 16) }.joined(separator: ":") + "::/64"
  }

  /// The address of `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; nil for anything else.
  public static func withoutPort(_ text: String) -> String? {
    if IPAddress(text) != nil { return text }
    var host = text[...]
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<end]
    } else if let colon = text.lastIndex(of: ":") {
      host = text[..<colon]
    }
    return IPAddress(String(host)) != nil ? String(host) : nil
  }

  /// What stands before an IPv4 address that is mapped into IPv6.
  private static let mapped: UInt64 = 0xFFFF_0000_0000
}
