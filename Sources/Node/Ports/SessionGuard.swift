import API
import ChatCore
import IORuntime
import Realtime
import Tokens

/// Says who an access token speaks for: its signature and times by the keys, its session by the store.
///
/// That a session lives is asked of the store at most once a second and session on each loop, so signing out holds on
/// every node within a second; on the dialects' doors, whose clients know servers that forgot a session at once, it is
/// asked with each request. When the database is away, or slower than ``patience``, a token that verifies is
/// believed: reads then fail by themselves, and no send is stored.
///
/// A token whose signature was right stays right: with requests, which bring it again and again, it is checked once on
/// each loop, and from then on only its end. A socket brings its token once.
///
/// - Isolation: one loop.
/// - Limits: ``rememberedMax`` sessions and ``tokensMax`` tokens are remembered; then all are forgotten and asked for
///   again.
final class SessionGuard: Authenticator, Realtime.TokenVerifier, @unchecked Sendable {
  /// Sessions whose life is remembered: some megabytes, and more than a loop serves in a second.
  static let rememberedMax = 50_000
  /// Tokens that have verified: of as many clients as a loop serves in some seconds. Ours take a megabyte together, and
  /// 16 MiB if each were as long as a token may be; a loop has two guards.
  static let tokensMax = 4_096
  /// How long an answer holds: the promise for signing out.
  static let trustFor: Milliseconds = 1_000
  /// How long a request waits for the store: a hundred times what it takes, and what is left of the 5 s within which a
  /// send is answered or refused.
  static let patience: Milliseconds = 250

  private let loop: EventLoop
  private let verifier: Tokens.TokenVerifier
  private let clock: any Clock
  private let sessions: any SessionStore
  private let trust: Milliseconds
  private var alive: [SessionID: Milliseconds] = [:]
  /// By the end of the token's signature, which takes less to look up than all of it.
  private var verified: [UInt64: (token: String, says: VerifiedToken)] = [:]
  private var questions: [SessionID: Question] = [:]

  /// A guard that believes an answer for `trust`; 0 asks each time.
  init(
    loop: EventLoop, verifier: Tokens.TokenVerifier, clock: any Clock, sessions: any SessionStore,
    trust: Milliseconds = SessionGuard.trustFor
  ) {
    self.loop = loop
    self.verifier = verifier
    self.clock = clock
    self.sessions = sessions
    self.trust = trust
  }

  func caller(ofToken token: String) async throws(ChatError) -> Caller {
    let caller = try remember(token).caller
    try await checkLife(of: caller.session)
    return caller
  }

  /// The caller and the token's end.
  ///
  /// - Throws: `.unauthenticated`.
  func verify(_ token: String) async throws(ChatError) -> VerifiedToken {
    let verified = try read(token)
    try await checkLife(of: verified.caller.session)
    return verified
  }

  private func remember(_ text: String) throws(ChatError) -> VerifiedToken {
    var token = text
    guard let end = token.withUTF8(SessionGuard.end) else { throw .unauthenticated(.invalidToken) }
    // All of it is compared: who knows a signature may put it behind other claims.
    if let known = verified[end], known.token == token {
      let expires = known.says.expiresAt.milliseconds / 1000
      if verifier.lives(until: expires, now: clock.now.milliseconds / 1000) { return known.says }
      // Whether it is over is said by who reads it whole: its end may be a fraction of a second later.
      verified[end] = nil
    }
    let read = try read(token)
    if verified.count >= SessionGuard.tokensMax { verified.removeAll(keepingCapacity: true) }
    verified[end] = (token, read)
    return read
  }

  /// The last eight bytes of a token; nil when it is no token: shorter, or not ASCII, of which only the same bytes make
  /// equal strings.
  private static func end(of token: UnsafeBufferPointer<UInt8>) -> UInt64? {
    var all: UInt8 = 0
    for byte in token { all |= byte }
    guard all < 0x80, token.count >= 8 else { return nil }
    return UnsafeRawBufferPointer(token).loadUnaligned(fromByteOffset: token.count - 8, as: UInt64.self)
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
    switch await answer(about: session) {
    case .lives: return
    case .ended: throw .unauthenticated(.sessionEnded)
    case .failed(let error): throw error
    }
  }

  // MARK: Asking the store

  private enum Answer: Sendable {
    case lives, ended
    case failed(ChatError)
  }

  /// One question to the store, and who waits for its answer.
  private final class Question: @unchecked Sendable {
    var waiting: [UnsafeContinuation<Answer, Never>] = []
    /// The store takes longer than anybody waits; until it answers the token is believed.
    var isOverdue = false
    var patience: LoopTimer?

    func answer(_ answer: Answer) {
      let told = waiting
      waiting = []
      for one in told { one.resume(returning: answer) }
    }
  }

  private func answer(about session: SessionID) async -> Answer {
    if let asked = questions[session] {
      if asked.isOverdue { return .lives }
      return await withUnsafeContinuation { asked.waiting.append($0) }
    }
    let question = Question()
    questions[session] = question
    return await withUnsafeContinuation { (continuation: UnsafeContinuation<Answer, Never>) in
      question.waiting.append(continuation)
      question.patience = loop.schedule(after: SessionGuard.patience) {
        question.isOverdue = true
        question.answer(.lives)
      }
      loop.spawn { [self] in
        let answer = await ask(session)
        question.patience?.cancel()
        questions[session] = nil
        question.answer(answer)
      }
    }
  }

  private func ask(_ session: SessionID) async -> Answer {
    do throws(ChatError) {
      guard try await sessions.ended(among: [session]).isEmpty else {
        alive[session] = nil
        return .ended
      }
    } catch {
      guard case .unavailable = error else {
        alive[session] = nil
        return .failed(error)
      }
    }
    if alive.count >= SessionGuard.rememberedMax { alive.removeAll(keepingCapacity: true) }
    if trust > 0 { alive[session] = loop.now + trust }
    return .lives
  }
}
