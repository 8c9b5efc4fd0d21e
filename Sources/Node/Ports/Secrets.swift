import ChatCore
import IORuntime
import Tokens

/// What a node signs and verifies with; the same on all nodes of a cluster.
struct Secrets: Sendable {
  /// The keys of access tokens; the first signs.
  let ring: KeyRing
  /// The keys of refresh tokens; the current one signs.
  let refreshKeys: RefreshToken.Keys
  /// `iss` of our tokens.
  let issuer: String
  /// `aud` of our tokens.
  let audience: String
  /// Seconds that an access token lives.
  let lifetime: Int64
  /// How integer ids become UUIDs.
  let ids: IDCipher
}

/// Fills the domain's port for passwords and tokens: hashing on a small pool of threads, signing where it is asked for.
///
/// - Limits: the pool's queue; past it `.unavailable(.node)`, so that a herd of sign-ins never delays messages.
final class PasswordsAndTokens: Credentials, Sendable {
  private let secrets: Secrets
  private let hasher: PasswordHasher
  private let pool: BlockingPool
  private let report: @Sendable (StaticString) -> Void
  private let lifetime: Int64

  /// - Parameter lifetime: seconds that its access tokens live; nil for those of our own wires.
  init(
    secrets: Secrets, hasher: PasswordHasher, pool: BlockingPool, lifetime: Int64? = nil,
    report: @escaping @Sendable (StaticString) -> Void
  ) {
    self.lifetime = lifetime ?? secrets.lifetime
    self.secrets = secrets
    self.hasher = hasher
    self.pool = pool
    self.report = report
  }

  /// The same, with access tokens that live otherwise.
  func living(for seconds: Int64) -> PasswordsAndTokens {
    PasswordsAndTokens(secrets: secrets, hasher: hasher, pool: pool, lifetime: seconds, report: report)
  }

  func hash(_ password: String) async throws(ChatError) -> String {
    let hasher = hasher
    return try await onPool { try hasher.hash(password) }
  }

  func verify(_ password: String, against hash: String?) async throws(ChatError) -> (matches: Bool, outdated: Bool) {
    let hasher = hasher
    return try await onPool {
      guard let hash else { return (hasher.verifyNobody(password), false) }
      return (hasher.verify(password, against: hash), hasher.needsRehash(hash))
    }
  }

  private func onPool<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws(ChatError) -> Value {
    do {
      return try await pool.run(body)
    } catch is PoolFull {
      throw .unavailable(.node, retryAfter: 1_000)
    } catch {
      throw .internalError("password hashing: \(error)")
    }
  }

  func nonce() -> [UInt8] { SecureRandom.bytes(RefreshToken.nonceBytes) }

  func accessToken(for session: Session) -> AccessToken {
    let now = SystemClock().now.milliseconds / 1000
    let claims = AccessClaims(
      issuer: secrets.issuer, audience: secrets.audience, subject: String(session.user.rawValue),
      session: String(session.id.rawValue), issuedAt: now, expires: now + lifetime)
    do {
      return AccessToken(token: try claims.sign(with: secrets.ring), expiresIn: lifetime)
    } catch {
      // The start has proven that the active key signs; a client with an empty token is told 401 and comes back.
      report("an access token could not be signed")
      return AccessToken(token: "", expiresIn: 0)
    }
  }

  func refreshToken(session: SessionID, generation: Int64, nonce: [UInt8]) -> String {
    RefreshToken.make(
      session: String(session.rawValue), generation: generation, nonce: nonce, keys: secrets.refreshKeys)
  }

  func claim(ofRefreshToken token: String) -> (session: SessionID, generation: Int64)? {
    guard let parsed = RefreshToken(parsing: token), let id = Int64(parsed.session),
      let session = SessionID(checking: id)
    else { return nil }
    return (session, parsed.generation)
  }

  func isGenuine(refreshToken token: String, session: SessionID, generation: Int64, nonce: [UInt8]) -> Bool {
    guard let parsed = RefreshToken(parsing: token), parsed.session == String(session.rawValue),
      parsed.generation == generation
    else { return false }
    return parsed.isGenuine(nonce: nonce, keys: secrets.refreshKeys)
  }
}
