import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct SignOutTests {
  @Test func `signing out ends one session and tells all nodes`() async throws {
    let stage = try await Stage.set()
    try await SignOut(.one(stage.ada.session)).run(in: stage.chat, as: stage.ada)
    #expect(stage.publisher.signals == [.signedOut(stage.ada.user, sessions: [stage.ada.session])])
    #expect(try await stage.world.ended(among: [stage.ada.session, stage.bob.session]) == [stage.ada.session])
  }

  @Test func `another's session is not found, nor one that ended before`() async throws {
    let stage = try await Stage.set()
    await refused(.notFound(.session)) { () throws(ChatError) in
      try await SignOut(.one(stage.bob.session)).run(in: stage.chat, as: stage.ada)
    }
    try await SignOut(.one(stage.ada.session)).run(in: stage.chat, as: stage.ada)
    await refused(.notFound(.session)) { () throws(ChatError) in
      try await SignOut(.one(stage.ada.session)).run(in: stage.chat, as: stage.ada)
    }
  }

  @Test func `signing out everywhere ends all of the user's sessions and nobody else's`() async throws {
    let stage = try await Stage.set()
    let phone = try await SignIn(username: stage.cast.ada.username, password: Stage.password).run(in: stage.chat)
    try await SignOut(.all).run(in: stage.chat, as: stage.ada)
    #expect(stage.publisher.signals == [.signedOut(stage.ada.user, sessions: [])])
    #expect(try await ListSessions().run(in: stage.chat, as: stage.ada) == [])
    #expect(try await ListSessions().run(in: stage.chat, as: stage.bob).map(\.id) == [stage.bob.session])
    await refused(.unauthenticated(.sessionEnded)) { () throws(ChatError) in
      try await RefreshSession(refreshToken: phone.refreshToken).run(in: stage.chat)
    }
  }
}
