import JSONText

/// The claims of a token whose signature, times, issuer and audience were right.
public struct VerifiedClaims: Sendable {
  /// Whom the token is about; not empty, without control characters.
  public let subject: String
  /// When it ends, in seconds since 1970.
  public let expires: Int64
  /// When it was made, if it says so, in seconds since 1970.
  public let issuedAt: Int64?
  /// Every claim.
  public let claims: JSONObject
}

/// Checks tokens: pure, with the time as a parameter.
///
/// - Limits: a token has at most ``bytesMax`` bytes, so that refusing garbage costs microseconds.
/// - Errors: ``VerificationError`` for the log; the client hears ``VerificationError/answer``.
/// - Source: RFC 7515 section 5.2, RFC 7519 section 7.2, RFC 8725 section 3.
public struct TokenVerifier: Sendable {
  /// The longest token, in bytes.
  public static let bytesMax = 4096
  private static let limits = JSONLimits(bytesMax: bytesMax, depthMax: 8)

  private let ring: KeyRing
  let rules: TokenRules

  /// A verifier of these keys and rules.
  public init(_ ring: KeyRing, _ rules: TokenRules) {
    self.ring = ring
    self.rules = rules
  }

  /// Checks a token; `now` is in seconds since 1970.
  public func verify(_ token: String, now: Int64) throws(VerificationError) -> VerifiedClaims {
    // Longer text is not even copied.
    guard token.utf8.count <= Self.bytesMax else { throw .tooLong }
    let bytes = Array(token.utf8)
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else { throw .notThreeParts }
    guard let headerText = Base64URL.decode(parts[0]), let claimsText = Base64URL.decode(parts[1]),
      let signature = Base64URL.decode(parts[2])
    else { throw .badEncoding }
    let header = try TokenHeader(Self.object(headerText, otherwise: .badHeader), types: rules.types)
    let key = try ring.key(named: header.kid, algorithm: header.algorithm)
    guard key.verify(signature, of: Array(bytes[..<parts[1].endIndex])) else { throw .badSignature }
    return try check(try Self.object(claimsText, otherwise: .badClaims), now: now)
  }

  /// Whether a token that has verified before has surely not ended meanwhile; times are in seconds since 1970.
  public func lives(until expires: Int64, now: Int64) -> Bool { expires > now - rules.expirySkew }

  private static func object(
    _ text: [UInt8], otherwise error: VerificationError
  ) throws(VerificationError) -> JSONObject {
    guard let object = (try? JSONValue(parsing: text, limits: limits))?.object else { throw error }
    return object
  }

  private func check(_ claims: JSONObject, now: Int64) throws(VerificationError) -> VerifiedClaims {
    guard let expires = try Self.time(claims["exp"]) else { throw .missingExpiry }
    // At the very second of `exp` the token is over: RFC 7519 section 4.1.4.
    guard expires > Double(now - rules.expirySkew) else { throw .expired }
    let starts = try Self.time(claims["nbf"])
    let issued = try Self.time(claims["iat"])
    for time in [starts, issued] {
      if let time, time > Double(now + rules.skew) { throw .notYetValid }
    }
    guard Self.equal(claims["iss"], rules.issuer) else { throw .wrongIssuer }
    guard isForUs(claims["aud"]) else { throw .wrongAudience }
    guard let subject = claims["sub"]?.string, Self.isPlainSubject(subject) else { throw .badSubject }
    return VerifiedClaims(
      subject: subject, expires: Int64(expires), issuedAt: issued.map { Int64($0) }, claims: claims)
  }

  /// The last second of the year 9999: a time beyond is a mistake, and the bound makes it fit every integer.
  private static let timeMax = 253_402_300_799.0

  private static func time(_ value: JSONValue?) throws(VerificationError) -> Double? {
    guard let value else { return nil }
    guard let time = value.number, (0...timeMax).contains(time) else { throw .badTime }
    return time
  }

  private func isForUs(_ value: JSONValue?) -> Bool {
    guard case .array(let audiences) = value else { return Self.equal(value, rules.audience) }
    return audiences.allSatisfy { $0.string != nil } && audiences.contains { Self.equal($0, rules.audience) }
  }

  /// Equal by bytes: strings of Swift are equal when they only look so.
  private static func equal(_ value: JSONValue?, _ text: String) -> Bool {
    value?.string.map { $0.utf8.elementsEqual(text.utf8) } ?? false
  }

  private static func isPlainSubject(_ text: String) -> Bool {
    guard (1...255).contains(text.utf8.count) else { return false }
    // Nearly every subject is a number, and Unicode's tables take a hundred instructions a letter.
    if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return true }
    return text.unicodeScalars.allSatisfy {
      switch $0.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: false
      default: true
      }
    }
  }
}
