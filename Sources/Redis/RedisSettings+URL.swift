/// What is wrong with a Redis URL, as a sentence for whoever wrote the setting.
public struct RedisURLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence; it never repeats the password.
  public let description: String

  init(_ description: String) { self.description = description }
}

extension RedisSettings {
  /// Reads `redis://[[user]:password@]host[:port][/database]`; `rediss` for TLS.
  ///
  /// - Shape: user and password may be percent-encoded; an IPv6 address stands in brackets.
  /// - Throws: ``RedisURLError`` with a sentence that names the part.
  /// - Source: the IANA registrations of `redis` and `rediss`.
  public init(url: String) throws(RedisURLError) {
    var rest = Substring(url)
    let tls = try RedisSettings.scheme(&rest)
    let database = try RedisSettings.database(&rest)
    let (user, password) = try RedisSettings.credentials(&rest)
    let port = try RedisSettings.port(&rest)
    let host = try RedisSettings.host(rest)
    self.init(host: host, port: port, user: user, password: password, database: database, tls: tls)
  }

  private static func scheme(_ rest: inout Substring) throws(RedisURLError) -> Bool {
    for (name, tls) in [("redis://", false), ("rediss://", true)] where rest.hasPrefix(name) {
      rest = rest.dropFirst(name.count)
      return tls
    }
    throw RedisURLError("A Redis URL begins with redis:// or rediss://.")
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
    let allowed = host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_:%".contains($0)) }
    guard !host.isEmpty, host.utf8.count <= 253, allowed else {
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
