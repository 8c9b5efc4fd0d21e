import API
import ChatCore
import IORuntime
import Realtime
import Tokens

/// Says who an access token speaks for: its signature and times by the keys, its session by the store.
///
/// That a session lives is asked of the store at most once a second and session on each loop, so signing out holds on
/// every node within a second. When the database is away, or slow to say, a token that verifies is believed: reads then
/// fail by themselves, and no send is stored.
///
/// - Isolation: one loop.
/// - Limits: ``rememberedMax`` sessions are remembered; then all are forgotten and asked for again.
final class SessionGuard: Authenticator, Realtime.TokenVerifier, @unchecked Sendable {
  /// Sessions whose life is remembered: some megabytes, and more than a loop serves in a second.
  static let rememberedMax = 50_000
  /// How long an answer holds: the promise for signing out.
  static let trustFor: Milliseconds = 1_000
  /// How long the store is waited for: with the send lanes' own 4,600 ms it stays below the 5 s of a refusal.
  static let patience: Milliseconds = 300

  private let loop: EventLoop
  private let verifier: Tokens.TokenVerifier
  private let clock: any Clock
  private let sessions: any SessionStore
  private var alive: [SessionID: Milliseconds] = [:]

  init(loop: EventLoop, verifier: Tokens.TokenVerifier, clock: any Clock, sessions: any SessionStore) {
    self.loop = loop
    self.verifier = verifier
    self.clock = clock
    self.sessions = sessions
  }

  func caller(ofToken token: String) async throws(ChatError) -> Caller { try await verify(token).caller }

  /// The caller and the token's end.
  ///
  /// - Throws: `.unauthenticated`.
  func verify(_ token: String) async throws(ChatError) -> VerifiedToken {
    let verified = try read(token)
    try await checkLife(of: verified.caller.session)
    return verified
  }

  private func read(_ token: String) throws(ChatError) -> VerifiedToken {
    let claims: AccessClaims
    do {
      claims = try verifier.verifyAccess(token, now: clock.now.milliseconds / 1000)
    } catch {
      throw .unauthenticated(.invalidToken)
    }
    guard let user = Int64(claims.subject).flatMap({ UserID(checking: $0) }),
      let session = Int64(claims.session).flatMap({ SessionID(checking: $0) }),
      let expires = Int64(exactly: claims.expires).map({ $0.multipliedReportingOverflow(by: 1000) }), !expires.overflow
    else { throw .unauthenticated(.invalidToken) }
    return VerifiedToken(
      caller: Caller(user: user, session: session), expiresAt: Timestamp(milliseconds: expires.partialValue))
  }

  private func checkLife(of session: SessionID) async throws(ChatError) {
    if let until = alive[session], until > loop.now { return }
    switch await ending(of: session) {
    case .success(true): throw .unauthenticated(.sessionEnded)
    case .success(false), .failure(.unavailable), nil: break
    case .failure(let error): throw error
    }
    if alive.count >= SessionGuard.rememberedMax { alive.removeAll(keepingCapacity: true) }
    alive[session] = loop.now + SessionGuard.trustFor
  }

  /// Whether the store says that the session has ended; nil when it says nothing within ``patience``. What it says
  /// later counts for the requests after this one.
  private func ending(of session: SessionID) async -> Result<Bool, ChatError>? {
    await withCheckedContinuation { (continuation: CheckedContinuation<Result<Bool, ChatError>?, Never>) in
      let wait = Wait(continuation)
      let timer = loop.schedule(after: SessionGuard.patience) { wait.end(nil) }
      loop.spawn { [self] in
        let result = await ask(session)
        if case .success(true) = result { alive[session] = nil }
        timer.cancel()
        wait.end(result)
      }
    }
  }

  private func ask(_ session: SessionID) async -> Result<Bool, ChatError> {
    do throws(ChatError) {
      return .success(try await !sessions.ended(among: [session]).isEmpty)
    } catch {
      return .failure(error)
    }
  }

  /// A request that waits for the store, ended once; on the guard's loop.
  private final class Wait: @unchecked Sendable {
    private var continuation: CheckedContinuation<Result<Bool, ChatError>?, Never>?

    init(_ continuation: CheckedContinuation<Result<Bool, ChatError>?, Never>) { self.continuation = continuation }

    func end(_ result: Result<Bool, ChatError>?) {
      continuation?.resume(returning: result)
      continuation = nil
    }
  }
}
