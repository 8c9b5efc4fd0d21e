import JSONText

/// What Martlet's own access tokens say.
///
/// - Shape: `{"iss": …, "aud": …, "sub": "5121", "sid": "77", "iat": …, "exp": …}` under `{"alg": …, "kid": …, "typ":
///   "at+jwt"}`.
/// - Units: seconds since 1970.
/// - Source: RFC 9068.
public struct AccessClaims: Sendable, Equatable {
  /// Who made it.
  public var issuer: String
  /// For whom.
  public var audience: String
  /// The user.
  public var subject: String
  /// The sign-in session, `sid`.
  public var session: String
  /// When it was made.
  public var issuedAt: Int64
  /// When it ends.
  public var expires: Int64
  /// The token's own name, `jti`.
  public var id: String?

  /// Claims, spelled out.
  public init(
    issuer: String, audience: String, subject: String, session: String, issuedAt: Int64, expires: Int64,
    id: String? = nil
  ) {
    self.issuer = issuer
    self.audience = audience
    self.subject = subject
    self.session = session
    self.issuedAt = issuedAt
    self.expires = expires
    self.id = id
  }

  /// Signs with the ring's active key.
  ///
  /// - Throws: ``KeyError/noActiveKey`` if no key of the ring can sign.
  public func sign(with ring: KeyRing) throws(KeyError) -> String {
    guard let key = ring.signer else { throw .noActiveKey }
    var header = JSONWriter()
    header.object {
      $0.member("alg", key.algorithm.rawValue)
      if let kid = key.kid { $0.member("kid", kid) }
      $0.member("typ", "at+jwt")
    }
    var claims = JSONWriter()
    claims.object {
      $0.member("iss", issuer)
      $0.member("aud", audience)
      $0.member("sub", subject)
      $0.member("sid", session)
      $0.member("iat", issuedAt)
      $0.member("exp", expires)
      if let id { $0.member("jti", id) }
    }
    let signed = "\(Base64URL.encode(header.finish())).\(Base64URL.encode(claims.finish()))"
    guard let signature = key.sign(Array(signed.utf8)) else { throw .noActiveKey }
    return "\(signed).\(Base64URL.encode(signature))"
  }
}

extension TokenVerifier {
  /// Checks one of Martlet's own access tokens: besides all other rules it names its session.
  public func verifyAccess(_ token: String, now: Int64) throws(VerificationError) -> AccessClaims {
    let verified = try verify(token, now: now)
    guard let issuedAt = verified.issuedAt else { throw .badTime }
    guard let session = verified.claims["sid"]?.string, (1...64).contains(session.utf8.count),
      session.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { throw .badSession }
    let id = verified.claims["jti"]
    guard id == nil || id?.string != nil else { throw .badClaims }
    return AccessClaims(
      issuer: rules.issuer, audience: rules.audience, subject: verified.subject, session: session,
      issuedAt: issuedAt, expires: verified.expires, id: id?.string)
  }
}
