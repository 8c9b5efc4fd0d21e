/// A refresh token: which session, which turn, and the proof that this server made it.
///
/// The database keeps a nonce a session, not the token: whoever reads the database cannot make one. The next turn's
/// token can be made again from the row, so a refresh that was answered but not heard is repeated with the same answer.
/// - Shape: `<session>.<generation>.<43 letters>`, where the letters are the HMAC-SHA256 of the first two and the
///   nonce.
public struct RefreshToken: Sendable, Equatable {
  /// The longest token that is looked at, in bytes.
  public static let bytesMax = 256
  /// How many random bytes a session keeps for its tokens.
  public static let nonceBytes = 32

  /// The session's id, `sid` in access tokens.
  public let session: String
  /// How often the session was refreshed.
  public let generation: Int64
  private let proof: [UInt8]

  /// The server's keys: the first one signs, all of them are tried.
  public struct Keys: Sendable {
    private let keys: [[UInt8]]

    /// The current key and its predecessors, each of at least 32 bytes; nil if one is shorter or there is none.
    public init?(current: [UInt8], previous: [[UInt8]] = []) {
      keys = [current] + previous
      guard keys.allSatisfy({ $0.count >= 32 }) else { return nil }
    }

    fileprivate func proofs(of message: [UInt8]) -> [[UInt8]] {
      keys.map { HMACSHA256.code(message, key: $0) }
    }
  }

  /// Makes the token of a session's turn; the session's id has no dot.
  public static func make(session: String, generation: Int64, nonce: [UInt8], keys: Keys) -> String {
    let proof = keys.proofs(of: message(session, generation, nonce)).first ?? []
    return "\(session).\(generation).\(Base64URL.encode(proof))"
  }

  /// Reads a token from outside; nil if it is not one. The proof is yet to be checked.
  public init?(parsing text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count <= Self.bytesMax else { return nil }
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, (1...64).contains(parts[0].count), parts[0].allSatisfy(Self.isPlain),
      let generation = Self.count(parts[1]), let proof = Base64URL.decode(parts[2]), proof.count == 32
    else { return nil }
    self.session = String(decoding: parts[0], as: UTF8.self)
    self.generation = generation
    self.proof = proof
  }

  /// Whether this server made the token for the session that keeps this nonce; the time does not tell which key did.
  public func isGenuine(nonce: [UInt8], keys: Keys) -> Bool {
    var genuine = false
    for expected in keys.proofs(of: Self.message(session, generation, nonce)) {
      genuine = ConstantTime.equal(expected, proof) || genuine
    }
    return genuine
  }

  private static func message(_ session: String, _ generation: Int64, _ nonce: [UInt8]) -> [UInt8] {
    // Neither part can hold a NUL, so no two tokens have the same message.
    Array("martlet-refresh\0\(session)\0\(generation)\0".utf8) + nonce
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }

  /// The count that the digits spell, in its one spelling.
  private static func count(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard (1...15).contains(digits.count), digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      value = value * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    return value
  }
}
