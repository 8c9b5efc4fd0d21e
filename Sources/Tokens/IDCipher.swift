/// Integers as UUIDs and back, under a key: a permutation, so that nothing is stored and no two meet.
///
/// The 122 bits that a UUID leaves free are two halves of 61: the id, and zeros with the kind of thing. Four rounds of
/// a Feistel network over SipHash-2-4 mix them; reading runs it backwards, and the zeros tell a UUID of ours from any
/// other. Who does not have the key learns nothing of how many things there are, or in which order they came.
///
/// - Shape: `3f6c1b52-90a4-8d17-b2e0-5a8e04c7d913`: version 8, variant 10.
/// - Limits: ids of 0 … 2^53 − 1.
/// - Source: RFC 9562 section 5.8; M. Luby, C. Rackoff, "How to construct pseudorandom permutations".
public struct IDCipher: Sendable {
  /// What an id is of; a UUID of one kind is none of another.
  public enum Kind: UInt8, Sendable, CaseIterable {
    case user = 1, conversation, message, other
  }

  private let rounds: [SipHash]
  private static let half: UInt64 = (1 << 61) - 1
  private static let idMax: UInt64 = (1 << 53) - 1

  /// Derives the key from a secret that all nodes hold; its use for anything else is not weakened.
  public init(secret: [UInt8]) {
    rounds = (0..<4).map { round in
      let code = HMACSHA256.code(Array("martlet-ids\0\(round)".utf8), key: secret)
      return SipHash(key: code.count >= 16 ? Array(code.prefix(16)) : [UInt8](repeating: 0, count: 16))
    }
  }

  /// The UUID of an id.
  public func uuid(_ kind: Kind, _ id: Int64) -> String {
    var left = UInt64(bitPattern: id) & Self.idMax
    var right = UInt64(kind.rawValue)
    for round in rounds { (left, right) = (right, left ^ (round.hash(right) & Self.half)) }
    return Self.text(left, right)
  }

  /// The id of a UUID, in any case; nil for one that was not made here.
  public func id(_ uuid: String) -> (kind: Kind, id: Int64)? {
    guard var (left, right) = Self.halves(uuid) else { return nil }
    for round in rounds.reversed() { (left, right) = (right ^ (round.hash(left) & Self.half), left) }
    guard right <= UInt64(UInt8.max), let kind = Kind(rawValue: UInt8(right)), left <= Self.idMax else { return nil }
    return (kind, Int64(left))
  }

  /// 48 bits, version, 12 bits, variant, 62 bits.
  private static func text(_ left: UInt64, _ right: UInt64) -> String {
    let high = (left >> 13) << 16 | 0x8000 | (left >> 1) & 0x0FFF
    let low = 0x8000_0000_0000_0000 | (left & 1) << 61 | right
    let digits = hex(high) + hex(low)
    let cuts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)]
    return cuts.map { String(digits.dropFirst($0.0).prefix($0.1 - $0.0)) }.joined(separator: "-")
  }

  private static func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func halves(_ uuid: String) -> (left: UInt64, right: UInt64)? {
    let parts = uuid.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.map(\.count) == [8, 4, 4, 4, 12] else { return nil }
    let digits = String(decoding: Array(parts.joined()), as: UTF8.self)
    guard !digits.hasPrefix("+"), !digits.dropFirst(16).hasPrefix("+"), let high = UInt64(digits.prefix(16), radix: 16),
      let low = UInt64(digits.suffix(16), radix: 16),
      high & 0xF000 == 0x8000, low >> 62 == 0b10
    else { return nil }
    let left = (high >> 16) << 13 | (high & 0x0FFF) << 1 | (low >> 61) & 1
    return (left, low & half)
  }
}

/// A keyed hash of eight bytes.
///
/// - Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", with 2 and 4 rounds.
struct SipHash: Sendable {
  private let k0: UInt64
  private let k1: UInt64

  /// A key of 16 bytes.
  init(key: [UInt8]) {
    k0 = key.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    k1 = key.dropFirst(8).prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The hash of the value's eight bytes, lowest first.
  func hash(_ value: UInt64) -> UInt64 {
    var v0 = k0 ^ 0x736f_6d65_7073_6575
    var v1 = k1 ^ 0x646f_7261_6e64_6f6d
    var v2 = k0 ^ 0x6c79_6765_6e65_7261
    var v3 = k1 ^ 0x7465_6462_7974_6573
    func mix() {
      v0 = v0 &+ v1
      v1 = (v1 << 13 | v1 >> 51) ^ v0
      v0 = v0 << 32 | v0 >> 32
      v2 = v2 &+ v3
      v3 = (v3 << 16 | v3 >> 48) ^ v2
      v0 = v0 &+ v3
      v3 = (v3 << 21 | v3 >> 43) ^ v0
      v2 = v2 &+ v1
      v1 = (v1 << 17 | v1 >> 47) ^ v2
      v2 = v2 << 32 | v2 >> 32
    }
    for block in [value, 8 << 56] {
      v3 ^= block
      mix()
      mix()
      v0 ^= block
    }
    v2 ^= 0xFF
    for _ in 0..<4 { mix() }
    return v0 ^ v1 ^ v2 ^ v3
  }
}
