/// The URL of somebody's service, taken apart: whom a client calls, and below which path.
public struct ServicePlace: Sendable, Hashable {
  /// Whether it is https.
  public let isSecure: Bool
  /// The host without a port.
  public let host: String
  /// The port.
  public let port: UInt16
  /// The path before what is asked for, without a slash at its end: empty, or `/bucket`.
  public let path: String

  /// Takes `http` or `https`, a host, perhaps a port, and a path of plain characters.
  public init?(url: String) {
    guard let scheme = ["https://", "http://"].first(where: url.hasPrefix) else { return nil }
    isSecure = scheme == "https://"
    let rest = url.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let name = parts.first, !name.isEmpty, url.utf8.count <= 512 else {
      return nil
    }
    guard let port = parts.count == 2 ? UInt16(parts[1]) : isSecure ? 443 : 80 else { return nil }
    var path = rest.dropFirst(authority.count)
    while path.hasSuffix("/") { path = path.dropLast() }
    guard (name + path).utf8.allSatisfy(ServicePlace.isPlain) else { return nil }
    host = String(name)
    self.port = port
    self.path = String(path)
  }

  /// What stands for itself in a URL and in what is signed: unreserved characters and slashes.
  private static func isPlain(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "-._~/".utf8.contains(byte)
  }

  /// As the Host header says it.
  public var hostField: String { port == (isSecure ? 443 : 80) ? host : "\(host):\(port)" }
}
