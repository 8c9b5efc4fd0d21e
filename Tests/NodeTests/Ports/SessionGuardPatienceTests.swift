import ChatCore
import IORuntime
import MemoryAdapters
import TestKit
import Testing
import Tokens

@testable import Node

@Suite("A guard whose store is slow")
struct SessionGuardPatienceTests {
  /// A guard over sessions that are as slow as the test says, and Ada's token.
  private static func withGuard(
    _ body: @escaping @Sendable (SessionGuard, SlowSessions, Session, String, EventLoop) async throws -> Void
  ) async throws {
    let world = MemoryWorld()
    let ring = try KeyRing([TokenKey(secret: [UInt8](repeating: 7, count: 32), kid: "k")])
    let user = UserID(counter: 4_096, bucket: Bucket(folding: 7))
    let session = try await world.open(user: user, device: nil, nonce: [], most: 9)
    let now = SystemClock().now.milliseconds / 1_000
    let token = try AccessClaims(
      issuer: "i", audience: "a", subject: String(session.user.rawValue), session: String(session.id.rawValue),
      issuedAt: now, expires: now + 900
    ).sign(with: ring)
    try await onLoop { loop in
      let slow = SlowSessions(world, loop)
      let one = SessionGuard(
        loop: loop, verifier: TokenVerifier(ring, TokenRules(issuer: "i", audience: "a")), clock: SystemClock(),
        sessions: slow)
      try await body(one, slow, session, token, loop)
    }
  }

  @Test("a database that does not answer costs a request a moment, not its patience")
  func slowDatabase() async throws {
    try await Self.withGuard { one, slow, session, token, _ in
      slow.delay = 20_000
      let begin = EventLoop.monotonicMilliseconds()
      let caller = try await one.caller(ofToken: token)
      #expect(caller.session == session.id)
      #expect(EventLoop.monotonicMilliseconds() - begin < 10_000 && SessionGuard.patience == 250)
      let again = try await one.caller(ofToken: token)
      #expect(again.session == session.id)
      #expect(EventLoop.monotonicMilliseconds() - begin < 10_000)
      #expect(slow.asked == 1)
    }
  }

  @Test("an answer that comes too late for one request counts for the next")
  func lateAnswer() async throws {
    try await Self.withGuard { one, slow, session, token, loop in
      slow.delay = 400
      _ = try await slow.end(session.id, of: session.user)
      _ = try await one.caller(ofToken: token)
      await loop.sleep(300)
      slow.delay = 0
      await #expect(throws: ChatError.self) { _ = try await one.caller(ofToken: token) }
    }
  }

  @Test("who asks at once shares one question, and all hear that the session has ended")
  func sharedQuestion() async throws {
    try await Self.withGuard { one, slow, session, token, loop in
      slow.delay = 20
      _ = try await slow.end(session.id, of: session.user)
      let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<5 {
          group.addTask(executorPreference: loop) {
            do {
              _ = try await one.caller(ofToken: token)
              return false
            } catch {
              return true
            }
          }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(refused == 5)
      #expect(slow.asked == 1)
    }
  }
}

/// Sign-in sessions in memory that answer late.
private final class SlowSessions: SessionStore, @unchecked Sendable {
  private let world: MemoryWorld
  private let loop: EventLoop
  var delay: Int64 = 0
  private(set) var asked = 0

  init(_ world: MemoryWorld, _ loop: EventLoop) {
    self.world = world
    self.loop = loop
  }

  func ended(among sessions: [SessionID]) async throws(ChatError) -> [SessionID] {
    asked += 1
    await loop.sleep(delay)
    return try await world.ended(among: sessions)
  }

  func open(user: UserID, device: String?, nonce: [UInt8], most: Int) async throws(ChatError) -> Session {
    try await world.open(user: user, device: device, nonce: nonce, most: most)
  }
  func refreshState(_ session: SessionID) async throws(ChatError) -> RefreshState? {
    try await world.refreshState(session)
  }
  func rotate(_ session: SessionID, from generation: Int64, grace: Milliseconds) async throws(ChatError) -> Rotation {
    try await world.rotate(session, from: generation, grace: grace)
  }
  func sessions(of user: UserID) async throws(ChatError) -> [Session] { try await world.sessions(of: user) }
  func end(_ session: SessionID, of user: UserID) async throws(ChatError) -> Bool {
    try await world.end(session, of: user)
  }
  func endAll(of user: UserID) async throws(ChatError) -> [SessionID] { try await world.endAll(of: user) }
}
