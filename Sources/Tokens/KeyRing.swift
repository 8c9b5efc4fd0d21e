import JSONText

/// The keys that tokens are signed and verified with.
///
/// To rotate: add the new key everywhere, then make it the active one, then drop the old one when its tokens have
/// expired.
public struct KeyRing: Sendable {
  private let keys: [TokenKey]
  private let active: TokenKey?

  /// A ring that signs with the key named `active`, or, if none is named, with the first one that can.
  public init(_ keys: [TokenKey], active kid: String? = nil) throws(KeyError) {
    guard !keys.isEmpty else { throw .noKey }
    let names = keys.compactMap { $0.kid.map { Array($0.utf8) } }
    guard Set(names).count == names.count, keys.count - names.count <= 1 else { throw .sameName }
    self.keys = keys
    if let kid {
      guard let key = keys.first(where: { $0.isNamed(kid) && $0.canSign }) else { throw .noActiveKey }
      active = key
    } else {
      active = keys.first { $0.canSign }
    }
  }

  /// Reads a JSON Web Key Set; keys for encryption and of kinds that are not used here are left out.
  ///
  /// - Limits: at most 64 keys; a larger set is somebody else's.
  /// - Source: RFC 7517 section 5.
  public init(jwks: JSONValue) throws(KeyError) {
    guard let entries = jwks["keys"]?.array, entries.count <= 64 else { throw .notJWK }
    var keys: [TokenKey] = []
    for entry in entries where Self.isForSignatures(entry) {
      do { keys.append(try TokenKey(jwk: entry)) } catch KeyError.unsupported { continue }
    }
    try self.init(keys)
  }

  private static func isForSignatures(_ jwk: JSONValue) -> Bool {
    // A secret in a set that is meant to be public is known to everybody.
    guard jwk["kty"]?.string != "oct" else { return false }
    if let use = jwk["use"], use.string != "sig" { return false }
    guard let operations = jwk["key_ops"] else { return true }
    return operations.array?.contains { $0.string == "verify" || $0.string == "sign" } ?? false
  }

  /// The public keys as a JSON Web Key Set, for `/.well-known/jwks.json`; empty if all are secrets.
  public var jwks: JSONValue { ["keys": .array(keys.compactMap(\.publicJWK))] }

  /// The key that signs; nil if the ring only verifies.
  var signer: TokenKey? { active }

  /// The key that a header speaks of; its algorithm must be the key's own.
  ///
  /// A named key is found by its name only. A header without a name means the only key of its algorithm, if there is
  /// only one. A nameless secret, which is alone of its algorithm, takes plain names as the hint that they are.
  func key(named kid: String?, algorithm: TokenAlgorithm) throws(VerificationError) -> TokenKey {
    if let kid, let key = keys.first(where: { $0.isNamed(kid) }) {
      guard key.algorithm == algorithm else { throw .badAlgorithm }
      return key
    }
    let candidates = keys.filter { $0.algorithm == algorithm }
    guard candidates.count == 1, let key = candidates.first else {
      throw candidates.isEmpty && kid == nil ? .badAlgorithm : .unknownKey
    }
    if let kid, key.kid != nil || !Self.isPlain(kid) { throw .unknownKey }
    return key
  }

  private static func isPlain(_ kid: String) -> Bool {
    kid.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
  }
}

extension TokenKey {
  fileprivate func isNamed(_ name: String) -> Bool { kid.map { $0.utf8.elementsEqual(name.utf8) } ?? false }
}
