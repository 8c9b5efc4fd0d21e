import ChatCore
import Synchronization

/// Credentials that cost nothing and hide nothing, for tests; never for people.
///
/// - Shape: hashes are `plain:<password>`, or `old:<password>`, which asks to be renewed; refresh tokens
///   `refresh.<session>.<generation>.<hash of the nonce>`; access tokens `access.<user>.<session>`.
public final class FakeCredentials: Credentials {
  private let verifications = Mutex(0)

  /// Needs nothing.
  public init() {}

  /// How many passwords have been verified, those of unknown users too.
  public var verified: Int { verifications.withLock { $0 } }

  /// `plain:` and the password.
  public func hash(_ password: String) async throws(ChatError) -> String { "plain:" + password }

  /// Compares.
  public func verify(_ password: String, against hash: String?) async throws(ChatError) -> (
    matches: Bool, outdated: Bool
  ) {
    verifications.withLock { $0 += 1 }
    return (hash == "plain:" + password || hash == "old:" + password, hash?.hasPrefix("old:") ?? false)
  }

  /// 32 random bytes.
  public func nonce() -> [UInt8] { (0..<32).map { _ in .random(in: .min ... .max) } }

  /// Names the user and the session.
  public func accessToken(for session: Session) -> AccessToken {
    AccessToken(token: "access.\(session.user.rawValue).\(session.id.rawValue)", expiresIn: 900)
  }

  /// Names the session and the generation; the nonce's hash makes it "genuine".
  public func refreshToken(session: SessionID, generation: Int64, nonce: [UInt8]) -> String {
    let mark = nonce.reduce(UInt64(17)) { $0 &* 31 &+ UInt64($1) }
    return "refresh.\(session.rawValue).\(generation).\(mark)"
  }

  /// Reads the session and the generation.
  public func claim(ofRefreshToken token: String) -> (session: SessionID, generation: Int64)? {
    let parts = token.split(separator: ".")
    guard parts.count == 4, parts[0] == "refresh", let raw = Int64(parts[1]), let session = SessionID(checking: raw),
      let generation = Int64(parts[2])
    else { return nil }
    return (session, generation)
  }

  /// Compares with what it would have written.
  public func isGenuine(refreshToken token: String, session: SessionID, generation: Int64, nonce: [UInt8]) -> Bool {
    token == refreshToken(session: session, generation: generation, nonce: nonce)
  }
}
