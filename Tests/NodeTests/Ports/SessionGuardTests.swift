import ChatCore
import IORuntime
import MemoryAdapters
import TestKit
import Testing

@testable import Node
@testable import Tokens

@Suite("Who a token speaks for")
struct SessionGuardTests {
  /// A guard over a world in memory, and a session of ada with the credentials that sign for it.
  private struct Scene: Sendable {
    let world: MemoryWorld
    let session: Session
    let credentials: PasswordsAndTokens
    let secrets: Secrets

    init() async throws {
      world = MemoryWorld(clock: SystemClock())
      let user = try await world.register(
        NewUser(username: Username(stored: "ada"), displayName: "Ada", email: nil, passwordHash: "x"))
      session = try await world.open(user: user.id, device: nil, nonce: [], most: 10)
      var configuration = Configuration()
      configuration.shared.tokenLifetimeSeconds = 60
      secrets = try Secrets(configuration, isDevelopment: true)
      credentials = PasswordsAndTokens(
        secrets: secrets, hasher: try PasswordHasher(),
        pool: try BlockingPool(name: "test", threads: 1, queueMax: 1), report: { _ in })
    }

    func guarding(
      _ loop: EventLoop, _ trust: Milliseconds, clock: any Clock = SystemClock()
    ) -> SessionGuard {
      let rules = TokenRules(issuer: secrets.issuer, audience: secrets.audience)
      return SessionGuard(
        loop: loop, verifier: Tokens.TokenVerifier(secrets.ring, rules), clock: clock, sessions: world,
        trust: trust)
    }
  }

  /// What the guard says of a token, asked on a loop.
  private static func ask(
    _ scene: Scene, _ times: Int = 1, trust: Milliseconds = SessionGuard.trustFor,
    before: @escaping @Sendable (Int, EventLoop) async -> Void
  ) async throws -> [Result<UserID, ChatError>] {
    let loop = try EventLoop(name: "guard")
    try loop.start()
    defer { loop.stop() }
    let token = scene.credentials.accessToken(for: scene.session).token
    return await withCheckedContinuation { continuation in
      loop.spawn {
        let guarding = scene.guarding(loop, trust)
        var answers: [Result<UserID, ChatError>] = []
        for time in 0..<times {
          await before(time, loop)
          do throws(ChatError) {
            answers.append(.success(try await guarding.caller(ofToken: token).user))
          } catch {
            answers.append(.failure(error))
          }
        }
        continuation.resume(returning: answers)
      }
    }
  }

  @Test("a guard that believes no answer knows at once that a session has ended")
  func exact() async throws {
    let scene = try await Scene()
    let answers = try await Self.ask(scene, 2, trust: 0) { time, _ in
      if time == 1 { _ = try? await scene.world.end(scene.session.id, of: scene.session.user) }
    }
    #expect(answers == [.success(scene.session.user), .failure(.unauthenticated(.sessionEnded))])
  }

  @Test("a token of a living session names its user")
  func alive() async throws {
    let scene = try await Scene()
    let answers = try await Self.ask(scene) { _, _ in }
    #expect(answers == [.success(scene.session.user)])
  }

  @Test("an ended session's token is refused within a second, though it was just believed")
  func ended() async throws {
    let scene = try await Scene()
    let answers = try await Self.ask(scene, 2) { time, loop in
      guard time == 1 else { return }
      _ = try? await scene.world.end(scene.session.id, of: scene.session.user)
      await loop.sleep(SessionGuard.trustFor + 50)
    }
    #expect(answers == [.success(scene.session.user), .failure(.unauthenticated(.sessionEnded))])
  }

  @Test("while the store is away a token that verifies is believed")
  func storeAway() async throws {
    let scene = try await Scene()
    scene.world.isAway = true
    let answers = try await Self.ask(scene) { _, _ in }
    #expect(answers == [.success(scene.session.user)])
  }

  /// What one guard says of tokens in turn, and when its clock has gone on by a minute in between.
  private static func ask(
    _ scene: Scene, each tokens: [String], from start: Timestamp = SystemClock().now, aMinuteBefore last: Bool = false
  ) async throws -> [Bool] {
    let loop = try EventLoop(name: "guard")
    try loop.start()
    defer { loop.stop() }
    return await withCheckedContinuation { continuation in
      loop.spawn {
        let clock = ManualClock(at: start)
        let guarding = scene.guarding(loop, SessionGuard.trustFor, clock: clock)
        var answers: [Bool] = []
        for (place, token) in tokens.enumerated() {
          if last, place == tokens.count - 1 { clock.advance(by: 61_000) }
          answers.append((try? await guarding.caller(ofToken: token)) != nil)
        }
        continuation.resume(returning: answers)
      }
    }
  }

  @Test("a token that has verified is refused when its end has come")
  func ends() async throws {
    let scene = try await Scene()
    let token = scene.credentials.accessToken(for: scene.session).token
    #expect(try await Self.ask(scene, each: [token, token, token], aMinuteBefore: true) == [true, true, false])
  }

  @Test("a token is good as long when it is shown again as when it is shown for the first time")
  func fraction() async throws {
    let scene = try await Scene()
    let parts = scene.credentials.accessToken(for: scene.session).token.split(separator: ".")
    let claims = String(decoding: try #require(Base64URL.decode(Array(parts[1].utf8)[...])), as: UTF8.self)
    let end = try #require(claims.firstMatch(of: /"exp":([0-9]+)/))
    let later = claims.replacing(end.output.0, with: "\(end.output.0).5")
    let signed = "\(parts[0]).\(Base64URL.encode(Array(later.utf8)))"
    let signature = try #require(scene.secrets.ring.signer?.sign(Array(signed.utf8)))
    let token = "\(signed).\(Base64URL.encode(signature))"
    let start = Timestamp(milliseconds: try #require(Int64(end.output.1)) * 1_000)
    #expect(try await Self.ask(scene, each: [token, token, token], from: start) == [true, true, true])
  }

  @Test("what only looks like a token that has verified is none, and neither is one with another signature")
  func looksAlike() async throws {
    let scene = try await Scene()
    // U+212A is drawn as K, and a string with it is equal to one with K.
    var session = scene.session
    while !scene.credentials.accessToken(for: session).token.contains("K") {
      session = try await scene.world.open(user: session.user, device: nil, nonce: [], most: 100)
    }
    let token = scene.credentials.accessToken(for: session).token
    let alike = token.replacing("K", with: "\u{212A}")
    #expect(alike == token && !alike.utf8.elementsEqual(token.utf8))
    let parts = token.split(separator: ".")
    let forged = "\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))"
    // The signature of what has verified, behind claims that it does not sign.
    let other = scene.credentials.accessToken(for: scene.session).token.split(separator: ".")[1]
    let claims = other == parts[1] ? String(parts[1].reversed()) : String(other)
    let moved = "\(parts[0]).\(claims).\(parts[2])"
    let short = [String(token.suffix(8)), String(token.suffix(7)), ""]
    let asked = [token, alike, forged, moved] + short + [token]
    #expect(try await Self.ask(scene, each: asked) == [true, false, false, false, false, false, false, true])
  }
}
