/// Why a token was refused: for logs and metrics; the client hears one answer for all.
///
/// - Source: RFC 7515 section 5.2, RFC 7519 section 7.2, RFC 8725 section 3.
public enum VerificationError: String, Error, Sendable, CaseIterable {
  case tooLong = "too_long"
  case notThreeParts = "not_three_parts"
  case badEncoding = "bad_encoding"
  case badHeader = "bad_header"
  case badAlgorithm = "bad_algorithm"
  case criticalHeader = "critical_header"
  case wrongType = "wrong_type"
  case unknownKey = "unknown_key"
  case badSignature = "bad_signature"
  case badClaims = "bad_claims"
  case badTime = "bad_time"
  case missingExpiry = "missing_expiry"
  case expired
  case notYetValid = "not_yet_valid"
  case wrongIssuer = "wrong_issuer"
  case wrongAudience = "wrong_audience"
  case badSubject = "bad_subject"
  case badSession = "bad_session"

  /// What the client hears, whatever the reason was.
  public static let answer = "The token is not valid."
}

/// Why a key cannot be used; told at start-up, naming the rule.
public enum KeyError: String, Error, Sendable, CaseIterable {
  case shortSecret = "A secret for HS256 needs at least 32 bytes."
  case notPEM = "This is not a PEM file with one key, or it is encrypted."
  case notJWK = "This is not a JSON Web Key."
  case unsupported = "Keys are RSA, EC on P-256, Ed25519 or a secret."
  case weak = "An RSA key needs 2048 to 8192 bits and an odd exponent of at least 3."
  case noKey = "There is no usable key."
  case sameName = "Two keys have the same kid."
  case badName = "A kid has 1 to 128 printable characters."
  case noActiveKey = "The active key is not among the keys, or it cannot sign."
}
