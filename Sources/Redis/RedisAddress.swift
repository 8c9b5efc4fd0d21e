/// Where one Redis listens.
///
/// - Shape: `10.0.0.7:6379`, `[::1]:6379`, `cache-1.example.org:6379`.
public struct RedisAddress: Hashable, Sendable, CustomStringConvertible {
  /// A name or address.
  public let host: String
  /// The TCP port.
  public let port: UInt16

  /// Collects them.
  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// What a Redis says of another, or of itself with an empty host; nothing when no server can be there.
  init?(host: String, port: Int64, heardFrom speaker: RedisAddress) {
    guard let port = UInt16(exactly: port), port > 0 else { return nil }
    if host.isEmpty {
      self.init(host: speaker.host, port: port)
    } else {
      guard RedisAddress.isHost(host) else { return nil }
      self.init(host: host, port: port)
    }
  }

  /// Fit for logs.
  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether a text has only what a name or an address can have.
  static func isHost(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && text.utf8.count <= 253
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_:%".contains($0)) }
  }
}
