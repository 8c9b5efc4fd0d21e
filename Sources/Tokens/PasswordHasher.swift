import CSodium

/// Turns passwords into Argon2id hashes and back into a yes or no.
///
/// - Shape: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.
/// - Limits: a password has 1 to ``bytesMax`` UTF-8 bytes and no U+0000; it is never cut.
/// - Isolation: every call blocks for tens of milliseconds; call it on the blocking pool, never on a loop.
/// - Source: RFC 9106, OWASP Password Storage.
public struct PasswordHasher: Sendable {
  /// What one hash costs.
  public struct Cost: Sendable, Equatable {
    /// Memory in bytes.
    public var memoryBytes: Int
    /// Passes over the memory.
    public var passes: Int

    /// A cost of one's own; libsodium takes at least 8 KiB and one pass.
    public init(memoryBytes: Int, passes: Int) {
      self.memoryBytes = memoryBytes
      self.passes = passes
    }

    /// 19 MiB and two passes, as OWASP asks: 26 ms of a core.
    public static let standard = Cost(memoryBytes: 19 * 1024 * 1024, passes: 2)
  }

  /// Why a password was not hashed.
  public enum Refusal: Error, Equatable, Sendable {
    case empty, tooLong, nul
    /// The machine has not the memory; trying again later may help.
    case noMemory
  }

  /// The longest password in UTF-8 bytes: enough for any phrase, short enough to cost nothing more.
  public static let bytesMax = 128

  private static let isReady = sodium_init() >= 0
  private let cost: Cost
  private let decoy: String

  /// A hasher; making it costs one hash, which is what unknown users are compared with.
  public init(cost: Cost = .standard) throws(Refusal) {
    self.cost = cost
    self.decoy = try Self.hash(SecureRandom.bytes(24).map { $0 | 1 }, cost)
  }

  /// The hash to store, with a salt of its own.
  public func hash(_ password: String) throws(Refusal) -> String {
    try Self.hash(Self.checked(password), cost)
  }

  /// Whether this is the password of that hash: one of ours, or a ``ForeignHash``.
  public func verify(_ password: String, against hash: String) -> Bool {
    guard let bytes = try? Self.checked(password) else { return false }
    if let foreign = ForeignHash(parsing: hash) { return foreign.verify(bytes) }
    return Self.verify(bytes, hash)
  }

  /// Costs what ``verify(_:against:)`` costs, for a user who does not exist; the answer is always no.
  public func verifyNobody(_ password: String) -> Bool {
    _ = verify(password, against: decoy)
    return false
  }

  /// Whether the hash was made at another cost, or by another system, and is due to be made anew at the next sign-in.
  public func needsRehash(_ hash: String) -> Bool {
    guard Self.isReady else { return false }
    return crypto_pwhash_str_needs_rehash(hash, UInt64(cost.passes), cost.memoryBytes) != 0
  }

  /// Whether ``verify(_:against:)`` can say yes to a hash that somebody else brings: one of ours or a ``ForeignHash``,
  /// at a cost that each sign-in may have.
  public static func canVerify(_ hash: String) -> Bool {
    if ForeignHash(parsing: hash) != nil { return true }
    guard
      let parts = hash.wholeMatch(
        of: /\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=1\$[A-Za-z0-9+\/]{22}\$[A-Za-z0-9+\/]{43}/),
      let memory = Int(parts.1), let passes = Int(parts.2)
    else { return false }
    return memory >= 8 && memory * 1024 <= ForeignHash.scryptBytesMax && (1...foreignPassesMax).contains(passes)
  }

  /// Passes of an Argon2id hash that was made elsewhere: five times ours.
  private static let foreignPassesMax = 10

  private static func checked(_ password: String) throws(Refusal) -> [UInt8] {
    let bytes = Array(password.utf8)
    guard !bytes.isEmpty else { throw .empty }
    guard bytes.count <= bytesMax else { throw .tooLong }
    guard !bytes.contains(0) else { throw .nul }
    return bytes
  }

  private static func hash(_ password: [UInt8], _ cost: Cost) throws(Refusal) -> String {
    guard isReady else { throw .noMemory }
    var text = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
    let result = crypto_pwhash_str(
      &text, password.map { CChar(bitPattern: $0) }, UInt64(password.count), UInt64(cost.passes), cost.memoryBytes)
    guard result == 0 else { throw .noMemory }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func verify(_ password: [UInt8], _ hash: String) -> Bool {
    guard isReady, hash.utf8.count < Int(crypto_pwhash_STRBYTES) else { return false }
    return crypto_pwhash_str_verify(hash, password.map { CChar(bitPattern: $0) }, UInt64(password.count)) == 0
  }
}
