/// Gets new tokens for a refresh token; each is good once.
///
/// A repeat within ``Limits/refreshGrace`` (the answer was lost, or two tabs asked at once) gets the same successor.
/// Any older token is taken for stolen: the session ends, everywhere.
///
/// - Shape: `{"refresh_token": "…"}`.
/// - Throws: `.unauthenticated` with `.invalidToken` (not ours), `.sessionEnded`, or `.refreshReused`; sign in again.
public struct RefreshSession: OpenCommand {
  /// The newest refresh token that the client has.
  public let refreshToken: String

  /// Names the token.
  public init(refreshToken: String) { self.refreshToken = refreshToken }

  /// Checks that the token is genuine before it moves or ends anything.
  public func run(in chat: Chat) async throws(ChatError) -> SignedIn {
    guard let claim = chat.credentials.claim(ofRefreshToken: refreshToken) else {
      throw .unauthenticated(.invalidToken)
    }
    guard let state = try await chat.sessions.refreshState(claim.session) else {
      throw .unauthenticated(.sessionEnded)
    }
    guard
      chat.credentials.isGenuine(
        refreshToken: refreshToken, session: claim.session, generation: claim.generation, nonce: state.nonce)
    else { throw .unauthenticated(.invalidToken) }
    let generation = try await nextGeneration(after: claim.generation, of: state.session, in: chat)
    guard let user = try await chat.users.user(state.session.user) else { throw .unauthenticated(.sessionEnded) }
    return chat.tokens(for: user, state.session, generation: generation, nonce: state.nonce)
  }

  private func nextGeneration(after generation: Int64, of session: Session, in chat: Chat) async throws(ChatError)
    -> Int64
  {
    switch try await chat.sessions.rotate(session.id, from: generation, grace: chat.limits.refreshGrace) {
    case .rotated(let next):
      return next
    case .ended:
      throw .unauthenticated(.sessionEnded)
    case .reused:
      chat.publisher.announce(.signedOut(session.user, sessions: [session.id]))
      throw .unauthenticated(.refreshReused)
    }
  }
}
