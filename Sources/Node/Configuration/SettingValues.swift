import Glibc

/// What is wrong with one setting: the end of a sentence that begins with its name.
struct Complaint: Error, Equatable {
  let text: String

  init(_ text: String) { self.text = text }
}

extension FixedWidthInteger {
  /// A number of decimal digits and nothing else: no sign, which the initializer of the library takes.
  init?(decimal text: Substring) {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    self.init(text)
  }
}

/// A host and port to listen at: `0.0.0.0:8080`, `[::1]:8080`.
struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
  /// An IPv4 or IPv6 address, without brackets.
  let host: String
  /// The port; 0 lets the kernel choose.
  let port: UInt16

  /// Keeps the two.
  init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Whether it stands for all addresses of the machine.
  var isAny: Bool { NetworkRange.bytes(of: host)?.allSatisfy { $0 == 0 } ?? false }

  /// As the setting is written.
  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  init(setting text: String) throws(Complaint) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(decimal: text[text.index(after: colon)...]) else {
      throw Complaint("is not address:port, as in 0.0.0.0:8080 or [::1]:8080")
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard NetworkRange.bytes(of: String(host)) != nil else {
      throw Complaint("has '\(host)' where an IPv4 or IPv6 address belongs, as in 0.0.0.0:8080 or [::1]:8080")
    }
    self.init(host: String(host), port: port)
  }
}

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, `127.0.0.1`.
struct NetworkRange: Sendable, Equatable, CustomStringConvertible {
  private let address: [UInt8]
  private let bits: Int
  /// As the setting is written.
  let description: String

  init(setting text: String) throws(Complaint) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let bytes = NetworkRange.bytes(of: String(first)) else {
      throw Complaint("has '\(text)', which is no network, as in 10.0.0.0/8 or fd00::/8")
    }
    let width = bytes.count * 8
    guard let bits = parts.count == 1 ? width : Int(decimal: parts[1]), (0...width).contains(bits) else {
      throw Complaint("has '\(text)', where a number of bits from 0 to \(width) belongs after the slash")
    }
    self.address = bytes
    self.bits = bits
    self.description = text
  }

  /// Whether the address, as text, lies in the range; an IPv4 address may come as `::ffff:10.0.0.1`.
  func contains(_ text: String) -> Bool {
    guard let other = NetworkRange.bytes(of: text), other.count == address.count else { return false }
    let whole = bits / 8
    guard address.prefix(whole) == other.prefix(whole) else { return false }
    guard bits % 8 > 0, whole < address.count else { return true }
    return (address[whole] ^ other[whole]) >> UInt8(8 - bits % 8) == 0
  }

  /// Four or sixteen bytes; an IPv4 address mapped into IPv6 is its four.
  static func bytes(of text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { [UInt8]($0) } }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: &six) { [UInt8]($0) }
    let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    return Array(bytes.prefix(12)) == mapped ? Array(bytes.suffix(4)) : bytes
  }
}

/// So many in such a time, and so many at once after a pause: `500/s,1000`, `10/15m`, `off`.
struct Rate: Sendable, Equatable, CustomStringConvertible {
  /// How many are regained in one period; 0 means that nothing is counted.
  let count: Int
  /// The period, in milliseconds.
  let period: Int64
  /// How many may come at once.
  let burst: Int

  /// Keeps the three.
  init(count: Int, per period: Int64, burst: Int) {
    self.count = count
    self.period = period
    self.burst = burst
  }

  /// Nothing is counted.
  static let off = Rate(count: 0, per: 1_000, burst: 0)
  /// Whether nothing is counted.
  var isOff: Bool { count == 0 }

  private static let units: [(letter: Character, milliseconds: Int64)] = [
    ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]
  /// Of counts and bursts: what a number in a script of Redis holds exactly, with room.
  static let most = 1_000_000_000
  /// Of the number before the period's unit.
  static let periodsMost: Int64 = 365

  /// As the setting is written.
  var description: String {
    guard !isOff else { return "off" }
    let unit = Rate.units.last { period.isMultiple(of: $0.milliseconds) } ?? Rate.units[0]
    let periods = period / unit.milliseconds
    let rate = "\(count)/\(periods == 1 ? "" : String(periods))\(unit.letter)"
    return burst == count ? rate : "\(rate),\(burst)"
  }

  init(setting text: String) throws(Complaint) {
    guard text != "off" else {
      self = .off
      return
    }
    let shape = Complaint("is not a rate such as 500/s,1000 (500 a second, 1000 at once), 10/15m or off")
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let halves = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, halves.count == 2, let letter = halves[1].last,
      let unit = Rate.units.first(where: { $0.letter == letter }), let count = Int(decimal: halves[0])
    else { throw shape }
    let number = halves[1].dropLast()
    guard let periods = number.isEmpty ? 1 : Int64(decimal: number),
      let burst = parts.count == 2 ? Int(decimal: parts[1]) : count
    else { throw shape }
    guard (1...Rate.most).contains(count), (1...Rate.most).contains(burst), (1...Rate.periodsMost).contains(periods)
    else {
      throw Complaint("has a number out of range: counts are 1 to \(Rate.most), periods 1 to \(Rate.periodsMost)")
    }
    self.init(count: count, per: periods * unit.milliseconds, burst: burst)
  }
}
