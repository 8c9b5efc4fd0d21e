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

  /// What limits count a client as; nil for a proxy, and for a Unix socket, which has no address: who may open it is
  /// the file system's to say.
  public func block(of address: String) -> String? {
    address.isEmpty || contains(address) ? nil : IPAddress.block(of: address)
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
    for hop in TrustedProxies.hops(forwarded).reversed().prefix(TrustedProxies.hopsMax) {
      guard contains(client), let address = IPAddress.withoutPort(hop) else { break }
      client = address
    }
    return client
  }

  /// A comma ends an address whatever stands before it: a quote that a client opens and leaves open would take in what
  /// a proxy adds to his line, and he would go for that proxy, whom no limit counts.
  private static func hops(_ forwarded: [String]) -> [String] {
    forwarded.flatMap { line in
      line.utf8.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
    }
    .map { $0.filter { $0 != " " && $0 != "\t" } }
    .filter { !$0.isEmpty }
  }
}
