import Glibc
import HTTP1

/// The balancers whose word on a client's address is believed.
///
/// - Shape: `10.0.0.0/8, 192.168.1.7, fd00::/8`
/// - Limits: ``hopsMax`` addresses of X-Forwarded-For are looked at, from the right.
public struct TrustedProxies: Sendable, Equatable {
  /// Proxies in a row that are looked through: 8, more than anybody chains.
  public static let hopsMax = 8

  private struct Range: Sendable, Equatable {
    var prefix: IPAddress
    var bits: Int
  }

  private var ranges: [Range] = []

  /// Nobody is believed.
  public init() {}

  /// Reads addresses and ranges, separated by commas.
  ///
  /// - Returns: nil when one of them is neither.
  public init?(parsing text: String) {
    for part in FieldList.split(text, at: UInt8(ascii: ",")) {
      let sides = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard let prefix = IPAddress(String(sides[0])) else { return nil }
      guard sides.count > 1 else {
        ranges.append(Range(prefix: prefix, bits: 128))
        continue
      }
      guard let bits = Int(sides[1]), (0...prefix.bits).contains(bits) else { return nil }
      ranges.append(Range(prefix: prefix, bits: bits + 128 - prefix.bits))
    }
  }

  /// True when this address is one of the proxies.
  public func contains(_ address: String) -> Bool {
    guard !ranges.isEmpty, let address = IPAddress(address) else { return false }
    return ranges.contains { address.hasPrefix($0.prefix, bits: $0.bits) }
  }

  /// Whose request this is: the right-most address that is not one of the proxies.
  ///
  /// What stands further left was written by the client himself and proves nothing.
  ///
  /// - Parameters:
  ///   - peer: the address of the connection.
  ///   - forwarded: the values of X-Forwarded-For, one a line.
  public func client(peer: String, forwarded: [String]) -> String {
    var client = peer
    for hop in FieldList.elements(forwarded).reversed().prefix(TrustedProxies.hopsMax) {
      guard contains(client), let address = IPAddress.withoutPort(hop) else { break }
      client = address
    }
    return client
  }
}

/// An IPv4 or IPv6 address as sixteen bytes; IPv4 in the form mapped into IPv6.
struct IPAddress: Sendable, Equatable {
  private var high: UInt64
  private var low: UInt64
  /// 32 for an address written as IPv4, 128 else.
  private(set) var bits: Int

  init?(_ text: String) {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      high = 0
      low = 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: four.s_addr))
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

  func hasPrefix(_ other: IPAddress, bits: Int) -> Bool {
    // A shift by 64 or more gives 0 here, which is the mask that is wanted.
    let highMask = ~UInt64(0) << UInt64(max(64 - bits, 0))
    let lowMask = ~UInt64(0) << UInt64(min(128 - bits, 64))
    return (high ^ other.high) & highMask == 0 && (low ^ other.low) & lowMask == 0
  }

  /// The address of `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`; nil for anything else.
  static func withoutPort(_ text: String) -> String? {
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
}
