import ChatCore
import TestKit
import Testing

@Suite struct ProfileTests {
  @Test func `a user is shown to anyone signed in, the unknown is not found`() async throws {
    let stage = try await Stage.set()
    #expect(try await ShowUser(user: stage.bob.user).run(in: stage.chat, as: stage.eve) == stage.cast.bob)
    await refused(.notFound(.user)) { () throws(ChatError) in
      try await ShowUser(user: UserID(rawValue: 1)).run(in: stage.chat, as: stage.eve)
    }
  }

  @Test func `the caller sees himself, and a token that outlived the account is nobody's`() async throws {
    let stage = try await Stage.set()
    #expect(try await ShowMe().run(in: stage.chat, as: stage.ada) == stage.cast.ada)
    await refused(.unauthenticated(.sessionEnded)) { () throws(ChatError) in
      try await ShowMe().run(in: stage.chat, as: Caller(user: UserID(rawValue: 1), session: stage.ada.session))
    }
  }

  @Test func `a profile changes in what is named`() async throws {
    let stage = try await Stage.set()
    let named = try await UpdateProfile(displayName: "Countess", email: .some("ada@example.org"))
      .run(in: stage.chat, as: stage.ada)
    #expect(named.displayName == "Countess")
    let without = try await UpdateProfile(email: .some(nil)).run(in: stage.chat, as: stage.ada)
    #expect(without.email == nil)
    #expect(without.displayName == "Countess")
  }
}

@Suite struct SearchUsersTests {
  @Test func `who has not signed in sees the same users, and no more a page`() async throws {
    let stage = try await Stage.set()
    let known = try await ListUsers().run(in: stage.chat, as: stage.ada)
    #expect(try await ListUsersToAnyone().run(in: stage.chat) == known)
    let first = try await ListUsersToAnyone(limit: 1).run(in: stage.chat)
    #expect(first.items == Array(known.items.prefix(1)))
    #expect(try await ListUsersToAnyone(after: first.next, limit: 1).run(in: stage.chat).items == [known.items[1]])
    await refused(.notFound(.user)) { () throws(ChatError) in
      try await ShowUserToAnyone(user: UserID(rawValue: 1)).run(in: stage.chat)
    }
    await faulty(["/limit out_of_range"]) { () throws(ChatError) in
      try await ListUsersToAnyone(limit: 101).run(in: stage.chat)
    }
  }

  @Test func `users are found by how their names begin, in any case, page by page`() async throws {
    let stage = try await Stage.set()
    for name in ["Zoe", "zora", "ZOLA", "yan"] {
      _ = try await Register(username: name, password: "12345678").run(in: stage.chat)
    }
    let first = try await SearchUsers(query: "zO", limit: 2).run(in: stage.chat, as: stage.ada)
    #expect(first.items.map(\.username) == ["Zoe", "ZOLA"])
    #expect(first.next == "zola")
    let second = try await SearchUsers(query: "zO", after: first.next, limit: 2).run(in: stage.chat, as: stage.ada)
    #expect(second.items.map(\.username) == ["zora"])
    #expect(second.next == nil)
  }

  @Test func `a page that ends exactly with the list has no next`() async throws {
    let stage = try await Stage.set()
    let found = try await SearchUsers(query: stage.cast.ada.username, limit: 1).run(in: stage.chat, as: stage.bob)
    #expect(found.items == [stage.cast.ada])
    #expect(found.next == nil)
  }

  @Test func `an empty query and a limit out of range are refused`() async throws {
    let stage = try await Stage.set()
    await faulty(["/query too_short"]) { () throws(ChatError) in
      try await SearchUsers(query: "").run(in: stage.chat, as: stage.ada)
    }
    for limit in [0, 101, -1, .max, .min] {
      await faulty(["/limit out_of_range"]) { () throws(ChatError) in
        try await SearchUsers(query: "a", limit: limit).run(in: stage.chat, as: stage.ada)
      }
    }
    _ = try await SearchUsers(query: "a", limit: 100).run(in: stage.chat, as: stage.ada)
  }
}
