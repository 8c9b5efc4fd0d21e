import TestKit
import Testing

@testable import ChatCore

@Suite struct FindingTests {
  @Test func `a conversation is found by its title by who owns it, however many he is in`() async throws {
    var limits = Limits()
    limits.pageMax = 2
    let stage = try await Stage.set(limits: limits)
    for title in ["one", "two", "three", "four"] {
      _ = try await CreateConversation(kind: .group, title: title, members: [stage.bob.user])
        .run(in: stage.chat, as: stage.ada)
    }
    let last = try await CreateConversation(kind: .public, title: "five").run(in: stage.chat, as: stage.ada).id
    #expect(try await FindOwnConversation(title: "five").run(in: stage.chat, as: stage.ada) == last)
    #expect(try await FindOwnConversation(title: "four").run(in: stage.chat, as: stage.bob) == nil)
    #expect(try await FindOwnConversation(title: "fiv").run(in: stage.chat, as: stage.ada) == nil)
    try await DeleteConversation(conversation: last).run(in: stage.chat, as: stage.ada)
    #expect(try await FindOwnConversation(title: "five").run(in: stage.chat, as: stage.ada) == nil)
  }

  @Test func `whoever is a member of many of one title has not all of them looked at`() async throws {
    let stage = try await Stage.set()
    for place in 1...FindOwnConversation.namesakesMax {
      if place == FindOwnConversation.namesakesMax {
        let own = try await CreateConversation(kind: .group, title: "one").run(in: stage.chat, as: stage.bob)
        #expect(try await FindOwnConversation(title: "one").run(in: stage.chat, as: stage.bob) == own.id)
        try await DeleteConversation(conversation: own.id).run(in: stage.chat, as: stage.bob)
      }
      _ = try await CreateConversation(kind: .group, title: "one", members: [stage.bob.user])
        .run(in: stage.chat, as: stage.ada)
    }
    _ = try await CreateConversation(kind: .group, title: "one").run(in: stage.chat, as: stage.bob)
    #expect(try await FindOwnConversation(title: "one").run(in: stage.chat, as: stage.bob) == nil)
  }

  @Test func `conversations are listed each with its newest message, page by page`() async throws {
    let stage = try await Stage.set()
    let (group, direct) = (try await stage.cast.group().id, try await stage.cast.direct().id)
    try await stage.cast.say("hi", by: stage.cast.bob, in: group)
    let last = try await stage.cast.say("ho", by: stage.cast.ada, in: group).message
    var seen: [ConversationID: Message?] = [:]
    var after: ConversationID?
    repeat {
      let page = try await PreviewConversations(after: after, limit: 1).run(in: stage.chat, as: stage.bob)
      for preview in page.items {
        #expect(preview.conversation.members.count == 2)
        seen[preview.conversation.id] = .some(preview.last)
      }
      after = page.next
    } while after != nil
    #expect(seen == [group: last, direct: nil])
    #expect(try await PreviewConversations().run(in: stage.chat, as: stage.eve).items == [])
    await faulty(["/limit out_of_range"]) { () throws(ChatError) in
      try await PreviewConversations(limit: 1_000).run(in: stage.chat, as: stage.bob)
    }
  }
}
