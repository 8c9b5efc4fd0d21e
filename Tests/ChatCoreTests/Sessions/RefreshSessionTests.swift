import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct RefreshSessionTests {
  @Test func `a refresh token is good once, its successor after it`() async throws {
    let (stage, first) = try await signedIn()
    let second = try await RefreshSession(refreshToken: first.refreshToken).run(in: stage.chat)
    #expect(second.session.id == first.session.id)
    #expect(second.user == stage.cast.ada)
    #expect(second.refreshToken != first.refreshToken)
    let third = try await RefreshSession(refreshToken: second.refreshToken).run(in: stage.chat)
    #expect(third.refreshToken != second.refreshToken)
  }

  @Test func `a repeat within the grace gets the same successor, at its end and one past it`() async throws {
    let (stage, first) = try await signedIn()
    let second = try await RefreshSession(refreshToken: first.refreshToken).run(in: stage.chat)
    stage.clock.advance(by: stage.chat.limits.refreshGrace)
    let again = try await RefreshSession(refreshToken: first.refreshToken).run(in: stage.chat)
    #expect(again.refreshToken == second.refreshToken)
    stage.clock.advance(by: 1)
    await refused(.unauthenticated(.refreshReused)) { () throws(ChatError) in
      try await RefreshSession(refreshToken: first.refreshToken).run(in: stage.chat)
    }
  }

  @Test func `reuse ends the session for everybody, and all nodes are told`() async throws {
    let (stage, first) = try await signedIn()
    let second = try await RefreshSession(refreshToken: first.refreshToken).run(in: stage.chat)
    _ = try await RefreshSession(refreshToken: second.refreshToken).run(in: stage.chat)
    await refused(.unauthenticated(.refreshReused)) { () throws(ChatError) in
      try await RefreshSession(refreshToken: first.refreshToken).run(in: stage.chat)
    }
    #expect(stage.publisher.signals == [.signedOut(stage.ada.user, sessions: [first.session.id])])
    await refused(.unauthenticated(.sessionEnded)) { () throws(ChatError) in
      try await RefreshSession(refreshToken: second.refreshToken).run(in: stage.chat)
    }
  }

  @Test(arguments: ["", "nonsense", "refresh.1", "refresh.0.1.2", "refresh.-4.1.2", "access.1.2"])
  func `what is no refresh token is refused`(token: String) async throws {
    let stage = try await Stage.set()
    await refused(.unauthenticated(.invalidToken)) { () throws(ChatError) in
      try await RefreshSession(refreshToken: token).run(in: stage.chat)
    }
  }

  @Test func `a forged token neither moves nor ends the session`() async throws {
    let (stage, first) = try await signedIn()
    for generation in [1, 2, 99] as [Int64] {
      await refused(.unauthenticated(.invalidToken)) { () throws(ChatError) in
        try await RefreshSession(refreshToken: "refresh.\(first.session.id.rawValue).\(generation).7")
          .run(in: stage.chat)
      }
    }
    _ = try await RefreshSession(refreshToken: first.refreshToken).run(in: stage.chat)
  }

  @Test func `a session idle for too long is over, at the limit and one past it`() async throws {
    let (stage, first) = try await signedIn()
    stage.clock.advance(by: stage.chat.limits.sessionIdleMax)
    let second = try await RefreshSession(refreshToken: first.refreshToken).run(in: stage.chat)
    stage.clock.advance(by: stage.chat.limits.sessionIdleMax + 1)
    await refused(.unauthenticated(.sessionEnded)) { () throws(ChatError) in
      try await RefreshSession(refreshToken: second.refreshToken).run(in: stage.chat)
    }
  }

  private func signedIn() async throws -> (Stage, SignedIn) {
    let stage = try await Stage.set()
    return (
      stage, try await SignIn(username: stage.cast.ada.username, password: Stage.password).run(in: stage.chat)
    )
  }
}
