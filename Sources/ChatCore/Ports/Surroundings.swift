/// The wall clock.
public protocol Clock: Sendable {
  /// Now.
  var now: Timestamp { get }
}

/// Passwords and refresh tokens: what needs secrets or a lot of time.
public protocol Credentials: Sendable {
  /// PHC string of an Argon2id hash.
  ///
  /// - Throws: `.unavailable(.node)` when too many are waiting.
  func hash(_ password: String) async throws(ChatError) -> String
  /// Whether the password is the hash's; with nil it takes the same time and says no. `outdated` asks for rehashing.
  func verify(_ password: String, against hash: String?) async throws(ChatError) -> (matches: Bool, outdated: Bool)
  /// 32 random bytes for a new session.
  func nonce() -> [UInt8]
  /// A short access token for the session.
  func accessToken(for session: Session) -> AccessToken
  /// The refresh token of one generation of a session.
  func refreshToken(session: SessionID, generation: Int64, nonce: [UInt8]) -> String
  /// The session and generation that a refresh token claims; nil when it is no refresh token at all.
  func claim(ofRefreshToken token: String) -> (session: SessionID, generation: Int64)?
  /// Whether the token is really the one of that session, generation and nonce.
  func isGenuine(refreshToken token: String, session: SessionID, generation: Int64, nonce: [UInt8]) -> Bool
}

/// An access token and how long it lives.
public struct AccessToken: Sendable, Hashable {
  /// The JWT.
  public let token: String
  /// Its lifetime in seconds from now.
  public let expiresIn: Int64

  /// Collects it.
  public init(token: String, expiresIn: Int64) {
    self.token = token
    self.expiresIn = expiresIn
  }
}
