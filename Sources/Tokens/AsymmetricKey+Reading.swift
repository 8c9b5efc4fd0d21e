import COpenSSL
import JSONText

extension AsymmetricKey {
  /// Reads a PEM text: a private key, or a public one.
  convenience init(pem text: String) throws(KeyError) {
    defer { ERR_clear_error() }
    // Without this answer OpenSSL would ask the terminal for an encrypted key's password.
    let noPassword: @convention(c) (UnsafeMutablePointer<CChar>?, CInt, CInt, UnsafeMutableRawPointer?) -> CInt = {
      _, _, _, _ in -1
    }
    let bytes = Array(text.utf8)
    func read(_ reader: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
      guard let bio = BIO_new_mem_buf(bytes, CInt(truncatingIfNeeded: bytes.count)) else { return nil }
      defer { BIO_free(bio) }
      return reader(bio)
    }
    if let key = read({ PEM_read_bio_PrivateKey($0, nil, noPassword, nil) }) {
      try self.init(adopting: key, isPrivate: true)
    } else if let key = read({ PEM_read_bio_PUBKEY($0, nil, noPassword, nil) }) {
      try self.init(adopting: key, isPrivate: false)
    } else {
      throw .notPEM
    }
  }

  /// Reads a JSON Web Key of kind `RSA`, `EC` (P-256) or `OKP` (Ed25519), with its private half if it is there.
  ///
  /// - Source: RFC 7518 section 6, RFC 8037 section 2.
  convenience init(jwk: JSONObject) throws(KeyError) {
    defer { ERR_clear_error() }
    let members = JWKMembers(jwk)
    let isPrivate = jwk["d"] != nil
    let key: OpaquePointer?
    switch (jwk["kty"]?.string, jwk["crv"]?.string) {
    case ("RSA", _): key = try Self.rsa(members, isPrivate: isPrivate)
    case ("EC", "P-256"): key = try Self.p256(members, isPrivate: isPrivate)
    case ("OKP", "Ed25519"): key = try Self.ed25519(members, isPrivate: isPrivate)
    default: throw .unsupported
    }
    guard let key else { throw .notJWK }
    try self.init(adopting: key, isPrivate: isPrivate)
  }

  private static func ed25519(_ members: JWKMembers, isPrivate: Bool) throws(KeyError) -> OpaquePointer? {
    let point = try members.bytes("x", count: 32)
    guard isPrivate else { return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, point, point.count) }
    let secret = try members.bytes("d", count: 32)
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, secret, secret.count)
  }

  private static func p256(_ members: JWKMembers, isPrivate: Bool) throws(KeyError) -> OpaquePointer? {
    var parameters = KeyParameters()
    parameters.text("group", "prime256v1")
    let point = [0x04] + (try members.bytes("x", count: 32)) + (try members.bytes("y", count: 32))
    parameters.bytes("pub", point)
    if isPrivate { parameters.number("priv", try members.bytes("d", count: 32)) }
    return parameters.key(kind: "EC", isPrivate: isPrivate)
  }

  private static func rsa(_ members: JWKMembers, isPrivate: Bool) throws(KeyError) -> OpaquePointer? {
    var parameters = KeyParameters()
    parameters.number("n", try members.bytes("n"))
    parameters.number("e", try members.bytes("e"))
    if isPrivate {
      let names: [(StaticString, String)] = [
        ("d", "d"), ("rsa-factor1", "p"), ("rsa-factor2", "q"), ("rsa-exponent1", "dp"), ("rsa-exponent2", "dq"),
        ("rsa-coefficient1", "qi"),
      ]
      for (name, member) in names {
        parameters.number(name, try members.bytes(member))
      }
    }
    return parameters.key(kind: "RSA", isPrivate: isPrivate)
  }
}

/// The members of a JSON Web Key that are bytes in base64url.
struct JWKMembers {
  private let object: JSONObject
  /// The longest number of a key: 8192 bits.
  private static let bytesMax = 1024

  init(_ object: JSONObject) { self.object = object }

  func bytes(_ name: String, count: Int? = nil) throws(KeyError) -> [UInt8] {
    guard let text = object[name]?.string, let bytes = Base64URL.decode(text.utf8),
      (1...Self.bytesMax).contains(bytes.count), count == nil || bytes.count == count
    else { throw .notJWK }
    return bytes
  }
}

/// The named numbers of which OpenSSL makes a key.
///
/// The builder keeps addresses, of names too, until the key is made: names are static, bytes are copied aside.
/// - Source: EVP_PKEY-RSA(7), EVP_PKEY-EC(7) for the names.
private struct KeyParameters: ~Copyable {
  private let builder: OpaquePointer?
  private var numbers: [OpaquePointer] = []
  private var kept: [UnsafeMutableRawBufferPointer] = []
  private var isComplete = true

  // EVP_PKEY_PUBLIC_KEY and EVP_PKEY_KEYPAIR, macros that Swift does not see: parameters and one or both halves.
  private static let publicHalf = CInt(0x86)
  private static let bothHalves = CInt(0x87)

  init() { builder = OSSL_PARAM_BLD_new() }

  deinit {
    OSSL_PARAM_BLD_free(builder)
    for number in numbers { BN_clear_free(number) }
    for bytes in kept { bytes.deallocate() }
  }

  mutating func number(_ name: StaticString, _ bytes: [UInt8]) {
    guard let number = BN_bin2bn(bytes, CInt(truncatingIfNeeded: bytes.count), nil) else { return isComplete = false }
    numbers.append(number)
    if OSSL_PARAM_BLD_push_BN(builder, Self.cString(name), number) != 1 { isComplete = false }
  }

  mutating func bytes(_ name: StaticString, _ bytes: [UInt8]) {
    let copy = keep(bytes)
    if OSSL_PARAM_BLD_push_octet_string(builder, Self.cString(name), copy.baseAddress, copy.count) != 1 {
      isComplete = false
    }
  }

  mutating func text(_ name: StaticString, _ text: String) {
    let copy = keep(Array(text.utf8))
    let start = copy.baseAddress?.assumingMemoryBound(to: CChar.self)
    if OSSL_PARAM_BLD_push_utf8_string(builder, Self.cString(name), start, copy.count) != 1 { isComplete = false }
  }

  private mutating func keep(_ bytes: [UInt8]) -> UnsafeMutableRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    kept.append(copy)
    return copy
  }

  private static func cString(_ name: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  consuming func key(kind: String, isPrivate: Bool) -> OpaquePointer? {
    guard isComplete, let parameters = OSSL_PARAM_BLD_to_param(builder) else { return nil }
    defer { OSSL_PARAM_free(parameters) }
    guard let context = EVP_PKEY_CTX_new_from_name(nil, kind, nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    let selection = isPrivate ? Self.bothHalves : Self.publicHalf
    guard EVP_PKEY_fromdata_init(context) == 1, EVP_PKEY_fromdata(context, &key, selection, parameters) == 1 else {
      return nil
    }
    return key
  }
}
