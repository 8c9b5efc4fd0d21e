/// What is wrong with a Redis URL, as a sentence for whoever wrote the setting.
public struct RedisURLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence; it never repeats the password.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension RedisSettings {
  /// Reads the URL of one Redis, `redis://[[user]:password@]host[:port][/database]`, or of a cluster,
  /// `redis+cluster://[[user]:password@]host[:port][,host[:port]]…`; `rediss` and `rediss+cluster` for TLS.
  ///
  /// - Shape: user and password may be percent-encoded; an IPv6 address stands in brackets. The hosts of a cluster are
  ///   those that are asked first for the others: one that answers is enough.
  /// - Limits: ``seedsMax`` hosts.
  /// - Throws: ``RedisURLError`` with a sentence that names the part.
  /// - Source: the IANA registrations of `redis` and `rediss`; `+cluster` is ours.
  public init(url: String) throws(RedisURLError) {
    var rest = Substring(url)
    let scheme = try RedisSettings.scheme(&rest)
    let database = try RedisSettings.database(&rest)
    let (user, password) = try RedisSettings.credentials(&rest)
    let hosts = try rest.split(separator: ",", omittingEmptySubsequences: false).map { (text) throws(RedisURLError) in
      try RedisSettings.address(text)
    }
    guard let first = hosts.first, scheme.isCluster || hosts.count == 1 else {
      throw RedisURLError(
        "Several hosts are the nodes of a cluster: the URL then begins with redis+cluster:// or rediss+cluster://.")
    }
    guard hosts.count <= RedisSettings.seedsMax else {
      throw RedisURLError("A Redis URL names at most \(RedisSettings.seedsMax) hosts: a cluster tells of the others.")
    }
    guard !scheme.isCluster || database == 0 else {
      throw RedisURLError("A Redis cluster has no other database than 0: leave the number out.")
    }
    self.init(host: first.host, port: first.port, user: user, password: password, database: database, tls: scheme.tls)
    if scheme.isCluster { seeds = hosts }
  }

  /// Hosts of one URL: any of them tells of all the others.
  static let seedsMax = 64

  private struct Scheme {
    let name: String
    let tls: Bool
    let isCluster: Bool
  }

  private static let schemes = [
    Scheme(name: "redis://", tls: false, isCluster: false), Scheme(name: "rediss://", tls: true, isCluster: false),
    Scheme(name: "redis+cluster://", tls: false, isCluster: true),
    Scheme(name: "rediss+cluster://", tls: true, isCluster: true),
  ]

  private static func scheme(_ rest: inout Substring) throws(RedisURLError) -> Scheme {
    guard let scheme = schemes.first(where: { rest.hasPrefix($0.name) }) else {
      throw RedisURLError(
        "A Redis URL begins with redis:// or rediss://, that of a cluster with redis+cluster:// or rediss+cluster://.")
    }
    rest = rest.dropFirst(scheme.name.count)
    return scheme
  }

  private static func address(_ text: Substring) throws(RedisURLError) -> RedisAddress {
    var rest = text
    let port = try port(&rest)
    return RedisAddress(host: try host(rest), port: port)
  }

  private static func database(_ rest: inout Substring) throws(RedisURLError) -> Int {
    guard !rest.contains("?"), !rest.contains("#") else {
      throw RedisURLError("A Redis URL has no query and no fragment; a '?' or '#' in the password is percent-encoded.")
    }
    guard let slash = rest.firstIndex(of: "/") else { return 0 }
    let text = rest[rest.index(after: slash)...]
    rest = rest[..<slash]
    guard !text.isEmpty else { return 0 }
    guard text.allSatisfy(\.isASCIIDigit), let number = Int(text), number <= 65_535 else {
      throw RedisURLError("What follows the address in a Redis URL is the number of a database, 0 to 65535.")
    }
    return number
  }

  private static func credentials(_ rest: inout Substring) throws(RedisURLError) -> (String?, String?) {
    guard let at = rest.lastIndex(of: "@") else { return (nil, nil) }
    let text = rest[..<at]
    rest = rest[rest.index(after: at)...]
    guard let colon = text.firstIndex(of: ":") else {
      throw RedisURLError("Before the '@' of a Redis URL stands user:password, or :password.")
    }
    let user = try decoded(text[..<colon])
    let password = try decoded(text[text.index(after: colon)...])
    guard !password.isEmpty else { throw RedisURLError("The password in the Redis URL is empty.") }
    return (user.isEmpty ? nil : user, password)
  }

  private static func port(_ rest: inout Substring) throws(RedisURLError) -> UInt16 {
    guard let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") else { return 6_379 }
    let text = rest[rest.index(after: colon)...]
    rest = rest[..<colon]
    guard text.allSatisfy(\.isASCIIDigit), let number = UInt16(text), number > 0 else {
      throw RedisURLError("The port in the Redis URL is a number from 1 to 65535.")
    }
    return number
  }

  private static func host(_ rest: Substring) throws(RedisURLError) -> String {
    var host = rest
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      throw RedisURLError("An IPv6 address in a Redis URL stands in brackets: redis://[::1]:6379.")
    }
    guard RedisAddress.isHost(host) else {
      throw RedisURLError("The Redis URL names no host, or one with characters that a host cannot have.")
    }
    return String(host)
  }

  private static func decoded(_ text: Substring) throws(RedisURLError) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = hex(rest.next()), let low = hex(rest.next()) else {
        throw RedisURLError("A '%' in user or password of a Redis URL is followed by two hexadecimal digits.")
      }
      bytes.append(high << 4 | low)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func hex(_ byte: UInt8?) -> UInt8? {
    switch byte {
    case .some(let digit) where (0x30...0x39).contains(digit): digit - 0x30
    case .some(let letter) where (0x41...0x46).contains(letter & 0xDF): (letter & 0xDF) - 0x37
    default: nil
    }
  }
}

extension Character {
  fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
