import ChatCore
import TestKit
import Testing

@Suite struct ConversationsTests {
  @Test(arguments: ["javascript:alert(1)", "data:image/png;base64,AAAA", "JavaScript:x"])
  func `a picture is no address that runs where it is shown`(picture: String) async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group().id
    await faulty(["/picture_url invalid_format"]) { () throws(ChatError) in
      try await CreateConversation(kind: .group, title: "x", picture: picture).run(in: stage.chat, as: stage.ada)
    }
    await faulty(["/picture_url invalid_format"]) { () throws(ChatError) in
      try await UpdateConversation(conversation: group, picture: picture).run(in: stage.chat, as: stage.ada)
    }
    for address in ["our picture.png", "/files/1?at=12:30", "https://example.org/p.png"] {
      let changed = try await UpdateConversation(conversation: group, picture: address)
        .run(in: stage.chat, as: stage.ada)
      #expect(changed.picture == address)
    }
  }

  @Test func `members see a conversation, strangers do not find it`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    #expect(try await ShowConversation(conversation: group.id).run(in: stage.chat, as: stage.bob) == group)
    await refused(.notFound(.conversation)) { () throws(ChatError) in
      try await ShowConversation(conversation: group.id).run(in: stage.chat, as: stage.eve)
    }
    let square = try await stage.cast.square()
    #expect(try await ShowConversation(conversation: square.id).run(in: stage.chat, as: stage.eve) == square)
  }

  @Test func `a user's conversations are listed page by page, with their first members`() async throws {
    var limits = Limits()
    limits.membersListedMax = 1
    let stage = try await Stage.set(limits: limits)
    let all = [
      try await stage.cast.group().id, try await stage.cast.group().id, try await stage.cast.direct().id,
    ].sorted()
    let first = try await ListConversations(limit: 2).run(in: stage.chat, as: stage.ada)
    let second = try await ListConversations(after: first.next, limit: 2).run(in: stage.chat, as: stage.ada)
    #expect((first.items + second.items).map(\.id) == all)
    #expect(first.items.allSatisfy { $0.members.count == 1 && $0.memberCount == 2 })
    #expect(second.next == nil)
    #expect(try await ListConversations().run(in: stage.chat, as: stage.eve).items == [])
  }

  @Test func `a new title is told, the same title is not`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let rename = UpdateConversation(conversation: group.id, title: "Hall")
    #expect(try await rename.run(in: stage.chat, as: stage.ada).title == "Hall")
    _ = try await rename.run(in: stage.chat, as: stage.ada)
    #expect(stage.publisher.entries.map(\.event) == [.conversationUpdated(title: "Hall", picture: nil)])
    await faulty(["/title not_allowed"]) { () throws(ChatError) in
      try await UpdateConversation(conversation: group.id, title: " ").run(in: stage.chat, as: stage.ada)
    }
  }

  @Test func `a deleted conversation is gone, and its members are told`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    try await DeleteConversation(conversation: group.id).run(in: stage.chat, as: stage.ada)
    #expect(stage.publisher.entries.map(\.event) == [.conversationDeleted])
    await refused(.notFound(.conversation)) { () throws(ChatError) in
      try await ListEntries(conversation: group.id).run(in: stage.chat, as: stage.bob)
    }
  }
}
