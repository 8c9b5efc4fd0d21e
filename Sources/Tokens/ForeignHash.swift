import CCrypt
import COpenSSL

/// A password hash that another system made, so that its users keep their passwords when they are imported.
///
/// - Shape: `$2b$12$<salt and hash>` (bcrypt, also `$2a$` and `$2y$`), `pbkdf2:sha256:600000$<salt>$<hex>` and
///   `scrypt:32768:8:1$<salt>$<hex>` (Werkzeug's two forms).
/// - Limits: what a hash may cost to verify is bounded, since each sign-in of its user costs that: bcrypt's cost
///   factor up to 14, ``iterationsMax``, ``scryptBytesMax``.
/// - Isolation: verifying blocks for up to a second; call it on the blocking pool.
/// - Source: crypt(5), RFC 8018 section 5.2, RFC 7914, Werkzeug's `generate_password_hash`.
public struct ForeignHash: Sendable, Equatable {
  /// Rounds of PBKDF2: three times what Werkzeug makes.
  public static let iterationsMax = 3_000_000
  /// Memory of scrypt in bytes: twice what Werkzeug takes.
  public static let scryptBytesMax = 64 * 1024 * 1024
  /// Bytes of the text: a salt of any known maker and a hash of 64 bytes in hexadecimal.
  public static let bytesMax = 512

  private enum Form: Sendable, Equatable {
    case bcrypt
    case pbkdf2(Digest, iterations: Int32, salt: [UInt8], expected: [UInt8])
    case scrypt(cost: UInt64, block: UInt64, lanes: UInt64, salt: [UInt8], expected: [UInt8])
  }

  private enum Digest: String {
    case sha1, sha256, sha512

    var bytes: Int {
      switch self {
      case .sha1: 20
      case .sha256: 32
      case .sha512: 64
      }
    }
  }

  /// Bytes of Werkzeug's scrypt hash; a shorter one would be the beginning of the same hash, and easier to guess.
  private static let scryptBytes = 64

  private let text: String
  private let form: Form

  /// Reads a hash; nothing when it has none of the forms or costs more than is allowed.
  public init?(parsing text: String) {
    guard text.utf8.count <= Self.bytesMax, let form = Self.bcrypt(text) ?? Self.werkzeug(text) else { return nil }
    self.text = text
    self.form = form
  }

  /// Whether this is its password.
  public func verify(_ password: [UInt8]) -> Bool {
    switch form {
    case .bcrypt: verifyBcrypt(password)
    case .pbkdf2(let digest, let iterations, let salt, let expected):
      ConstantTime.equal(Self.pbkdf2(password, digest, iterations, salt, expected.count), expected)
    case .scrypt(let cost, let block, let lanes, let salt, let expected):
      ConstantTime.equal(Self.scrypt(password, cost, block, lanes, salt, expected.count), expected)
    }
  }

  // MARK: Reading

  private static func bcrypt(_ text: String) -> Form? {
    let bytes = Array(text.utf8)
    guard bytes.count == 60, ["$2a$", "$2b$", "$2y$"].contains(text.prefix(4)), bytes[6] == UInt8(ascii: "$"),
      let cost = Int(text.dropFirst(4).prefix(2)), (4...14).contains(cost),
      bytes[7...].allSatisfy({ isBase64($0) })
    else { return nil }
    return .bcrypt
  }

  private static func isBase64(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"):
      true
    default: false
    }
  }

  private static func werkzeug(_ text: String) -> Form? {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[1].isEmpty, let expected = Hexadecimal.decode(parts[2].utf8) else { return nil }
    let method = parts[0].split(separator: ":", omittingEmptySubsequences: false)
    let salt = Array(parts[1].utf8)
    let numbers = method.dropFirst(method.first == "pbkdf2" ? 2 : 1).map { UInt64($0) ?? 0 }
    if method.first == "pbkdf2", method.count == 3, let digest = Digest(rawValue: String(method[1])),
      expected.count == digest.bytes,
      (1...UInt64(iterationsMax)).contains(numbers[0])
    {
      return .pbkdf2(digest, iterations: Int32(numbers[0]), salt: salt, expected: expected)
    }
    guard method.first == "scrypt", method.count == 4, expected.count == scryptBytes,
      numbers.allSatisfy({ (1...1 << 20).contains($0) }),
      numbers[0] > 1, numbers[0] & (numbers[0] - 1) == 0, numbers[1] <= 64, numbers[2] <= 16,
      128 * numbers[0] * numbers[1] * numbers[2] <= UInt64(scryptBytesMax)
    else { return nil }
    return .scrypt(cost: numbers[0], block: numbers[1], lanes: numbers[2], salt: salt, expected: expected)
  }

  // MARK: Verifying

  private func verifyBcrypt(_ password: [UInt8]) -> Bool {
    guard !password.contains(0) else { return false }
    let phrase = password.map { CChar(bitPattern: $0) } + [0]
    // The scratch memory is 32 KiB: too much for a stack that other code shares.
    let scratch = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
    defer { scratch.deallocate() }
    memset(scratch, 0, MemoryLayout<crypt_data>.size)
    guard let made = crypt_r(phrase, text, scratch) else { return false }
    return ConstantTime.equal(Array(String(cString: made).utf8), Array(text.utf8))
  }

  private static func pbkdf2(
    _ password: [UInt8], _ digest: Digest, _ iterations: Int32, _ salt: [UInt8], _ count: Int
  ) -> [UInt8] {
    let function =
      switch digest {
      case .sha1: EVP_sha1()
      case .sha256: EVP_sha256()
      case .sha512: EVP_sha512()
      }
    var key = [UInt8](repeating: 0, count: count)
    let made = PKCS5_PBKDF2_HMAC(
      password.map { CChar(bitPattern: $0) }, CInt(password.count), salt, CInt(salt.count), iterations, function,
      CInt(count), &key)
    return made == 1 ? key : []
  }

  private static func scrypt(
    _ password: [UInt8], _ cost: UInt64, _ block: UInt64, _ lanes: UInt64, _ salt: [UInt8], _ count: Int
  ) -> [UInt8] {
    var key = [UInt8](repeating: 0, count: count)
    // OpenSSL counts a little more than the table itself.
    let made = EVP_PBE_scrypt(
      password.map { CChar(bitPattern: $0) }, password.count, salt, salt.count, cost, block, lanes,
      UInt64(2 * scryptBytesMax), &key, count)
    return made == 1 ? key : []
  }
}
