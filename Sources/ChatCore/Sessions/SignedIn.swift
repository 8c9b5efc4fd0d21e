/// What a client gets for signing in or refreshing.
///
/// - Shape: `{"access_token", "token_type", "expires_in", "refresh_token", "user"}`.
public struct SignedIn: Sendable, Hashable {
  /// Who.
  public let user: User
  /// The session that was opened or went on.
  public let session: Session
  /// The short token for every request.
  public let access: AccessToken
  /// The token for the next refresh; the one before it is worth nothing from now on, but for ``Limits/refreshGrace``.
  public let refreshToken: String
}

extension Chat {
  /// Writes the tokens of one generation of a session.
  func tokens(for user: User, _ session: Session, generation: Int64, nonce: [UInt8]) -> SignedIn {
    SignedIn(
      user: user, session: session, access: credentials.accessToken(for: session),
      refreshToken: credentials.refreshToken(session: session.id, generation: generation, nonce: nonce))
  }
}
