/// What a token must say to be accepted.
public struct TokenRules: Sendable {
  /// Which `typ` a token may have.
  public enum Types: Sendable {
    /// `at+jwt` only, so that no other kind of token passes as an access token (RFC 9068, RFC 8725 section 3.11).
    case accessToken
    /// `at+jwt`, `JWT` or none: issuers from before RFC 9068.
    case anyJWT
  }

  /// The most seconds by which two clocks may differ; more would stretch every token's life.
  public static let skewMax: Int64 = 60

  /// Who must have made it.
  public var issuer: String
  /// For whom it must be made.
  public var audience: String
  /// Which `typ` it may have.
  public var types: Types
  /// By how many seconds `nbf` and `iat` may lie ahead: the clocks of issuer and verifier differ.
  public let skew: Int64
  /// By how many seconds `exp` may lie behind.
  public let expirySkew: Int64

  /// Rules; the skews are cut to ``skewMax``. An early `exp` only makes a client refresh, so it needs none.
  public init(
    issuer: String, audience: String, types: Types = .accessToken, skew: Int64 = 30, expirySkew: Int64 = 0
  ) {
    self.issuer = issuer
    self.audience = audience
    self.types = types
    self.skew = min(max(skew, 0), Self.skewMax)
    self.expirySkew = min(max(expirySkew, 0), Self.skewMax)
  }
}
