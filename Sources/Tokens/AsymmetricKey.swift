import COpenSSL

/// An RSA, P-256 or Ed25519 key of OpenSSL, perhaps with its private half.
///
/// - Isolation: OpenSSL reads a finished key from many threads; it is never changed here.
final class AsymmetricKey: @unchecked Sendable {
  let algorithm: TokenAlgorithm
  let isPrivate: Bool
  private let key: OpaquePointer

  /// Takes the key over, whatever comes of it.
  init(adopting key: OpaquePointer, isPrivate: Bool) throws(KeyError) {
    do { algorithm = try Self.algorithm(of: key) } catch {
      EVP_PKEY_free(key)
      throw error
    }
    self.key = key
    self.isPrivate = isPrivate
  }

  deinit { EVP_PKEY_free(key) }

  private static func algorithm(of key: OpaquePointer) throws(KeyError) -> TokenAlgorithm {
    switch EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_RSA:
      guard (2048...8192).contains(EVP_PKEY_get_bits(key)) else { throw .weak }
      let exponent = number(key, OSSL_PKEY_PARAM_RSA_E)
      guard let last = exponent.last, last & 1 == 1, exponent != [1] else { throw .weak }
      return .rs256
    case EVP_PKEY_EC:
      var name = [CChar](repeating: 0, count: 32)
      var length = 0
      guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1,
        name.prefix(length).elementsEqual("prime256v1".utf8.map { CChar($0) })
      else { throw .unsupported }
      return .es256
    case EVP_PKEY_ED25519: return .edDSA
    default: throw .unsupported
    }
  }

  // MARK: Public half

  /// The members of the public JSON Web Key, in the order that a thumbprint asks for.
  ///
  /// - Source: RFC 7638 section 3.2, RFC 8037 section 2.
  var publicMembers: [(name: String, value: String)] {
    switch algorithm {
    case .rs256:
      return [
        ("e", Base64URL.encode(Self.number(key, OSSL_PKEY_PARAM_RSA_E))), ("kty", "RSA"),
        ("n", Base64URL.encode(Self.number(key, OSSL_PKEY_PARAM_RSA_N))),
      ]
    case .es256:
      return [
        ("crv", "P-256"), ("kty", "EC"),
        ("x", Base64URL.encode(Self.padded(Self.number(key, OSSL_PKEY_PARAM_EC_PUB_X)))),
        ("y", Base64URL.encode(Self.padded(Self.number(key, OSSL_PKEY_PARAM_EC_PUB_Y)))),
      ]
    case .edDSA, .hs256:
      var raw = [UInt8](repeating: 0, count: 32)
      var length = raw.count
      _ = EVP_PKEY_get_raw_public_key(key, &raw, &length)
      return [("crv", "Ed25519"), ("kty", "OKP"), ("x", Base64URL.encode(raw))]
    }
  }

  private static func padded(_ number: [UInt8]) -> [UInt8] {
    [UInt8](repeating: 0, count: max(0, 32 - number.count)) + number
  }

  private static func number(_ key: OpaquePointer, _ name: String) -> [UInt8] {
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(key, name, &number) == 1, let number else { return [] }
    defer { BN_free(number) }
    var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
    _ = BN_bn2bin(number, &bytes)
    return bytes
  }

  // MARK: Signatures

  private var digest: OpaquePointer? { algorithm == .edDSA ? nil : EVP_sha256() }

  /// Whether the signature is the key's own; for P-256 it is two numbers of 32 bytes.
  func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    defer { ERR_clear_error() }
    guard let signature = algorithm == .es256 ? ECDSASignature.der(fromRaw: signature) : signature,
      let context = EVP_MD_CTX_new()
    else { return false }
    defer { EVP_MD_CTX_free(context) }
    guard EVP_DigestVerifyInit(context, nil, digest, nil, key) == 1 else { return false }
    return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }

  /// The signature; nil without the private half.
  func sign(_ message: [UInt8]) -> [UInt8]? {
    defer { ERR_clear_error() }
    guard isPrivate, let context = EVP_MD_CTX_new() else { return nil }
    defer { EVP_MD_CTX_free(context) }
    var length = 0
    guard EVP_DigestSignInit(context, nil, digest, nil, key) == 1,
      EVP_DigestSign(context, nil, &length, message, message.count) == 1
    else { return nil }
    var signature = [UInt8](repeating: 0, count: length)
    guard EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else { return nil }
    signature.removeLast(signature.count - length)
    return algorithm == .es256 ? ECDSASignature.raw(fromDER: signature) : signature
  }
}
