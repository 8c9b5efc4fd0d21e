import JSONText

/// One key with its name and its one algorithm.
///
/// - Errors: ``KeyError`` when a key is too weak, of another kind or unreadable; that is for start-up to tell.
public struct TokenKey: Sendable {
  enum Material: Sendable {
    case secret([UInt8])
    case pair(AsymmetricKey)
  }

  /// The name in a token's header; nil for a secret that is alone and nameless.
  public let kid: String?
  /// The only algorithm that the key is used with.
  public let algorithm: TokenAlgorithm
  private let material: Material

  /// The shortest secret: as long as the hash, RFC 7518 section 3.2.
  public static let secretBytesMin = 32
  /// The longest kid that is looked at, in bytes.
  static let kidBytesMax = 128

  /// A shared secret, for HS256.
  public init(secret: [UInt8], kid: String?) throws(KeyError) {
    guard secret.count >= Self.secretBytesMin else { throw .shortSecret }
    self.kid = try Self.checked(kid)
    self.algorithm = .hs256
    self.material = .secret(secret)
  }

  /// A key of a PEM text, private or public; without a kid its thumbprint names it.
  public init(pem text: String, kid: String? = nil) throws(KeyError) {
    try self.init(AsymmetricKey(pem: text), kid: kid)
  }

  /// A JSON Web Key: RSA, P-256, Ed25519, or `oct` for a secret; without a kid its thumbprint names it.
  public init(jwk value: JSONValue) throws(KeyError) {
    guard let object = value.object else { throw .notJWK }
    let kid = object["kid"]?.string
    guard kid != nil || object["kid"] == nil else { throw .notJWK }
    if object["kty"]?.string == "oct" {
      guard let secret = object["k"]?.string.flatMap({ Base64URL.decode($0.utf8) }) else { throw .notJWK }
      try self.init(secret: secret, kid: kid)
    } else {
      try self.init(AsymmetricKey(jwk: object), kid: kid)
    }
    if let named = object["alg"], named.string != algorithm.rawValue { throw .unsupported }
  }

  private init(_ pair: AsymmetricKey, kid: String?) throws(KeyError) {
    self.kid = try Self.checked(kid) ?? Self.thumbprint(pair)
    self.algorithm = pair.algorithm
    self.material = .pair(pair)
  }

  private static func checked(_ kid: String?) throws(KeyError) -> String? {
    guard let kid else { return nil }
    guard (1...kidBytesMax).contains(kid.utf8.count), kid.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .badName
    }
    return kid
  }

  /// - Source: RFC 7638.
  private static func thumbprint(_ pair: AsymmetricKey) -> String {
    var writer = JSONWriter()
    writer.object { writer in
      for (name, value) in pair.publicMembers {
        writer.key(named: name)
        writer.string(value)
      }
    }
    return Base64URL.encode(SHA256Digest.hash(writer.finish()))
  }

  /// Whether the key can sign: a secret, or a pair with its private half.
  public var canSign: Bool {
    switch material {
    case .secret: true
    case .pair(let pair): pair.isPrivate
    }
  }

  /// The public JSON Web Key; nil for a secret.
  public var publicJWK: JSONValue? {
    guard case .pair(let pair) = material else { return nil }
    var object = JSONObject()
    for (name, value) in pair.publicMembers { object[name] = .string(value) }
    if let kid { object["kid"] = .string(kid) }
    object["alg"] = .string(algorithm.rawValue)
    object["use"] = "sig"
    return .object(object)
  }

  func sign(_ message: [UInt8]) -> [UInt8]? {
    switch material {
    case .secret(let secret): HMACSHA256.code(message, key: secret)
    case .pair(let pair): pair.sign(message)
    }
  }

  func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    switch material {
    case .secret(let secret): ConstantTime.equal(HMACSHA256.code(message, key: secret), signature)
    case .pair(let pair): pair.verify(signature, of: message)
    }
  }
}
