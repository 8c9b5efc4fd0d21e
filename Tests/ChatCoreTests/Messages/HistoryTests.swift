import ChatCore
import TestKit
import Testing

@Suite struct HistoryTests {
  /// A group with the messages 2 … 11.
  private func told() async throws -> (Stage, ConversationID) {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    for number in 2...11 { try await stage.cast.say("\(number)", by: stage.cast.ada, in: group.id) }
    return (stage, group.id)
  }

  static let pages: [(Page, Int, [Int64], Bool)] = [
    (.latest, 3, [9, 10, 11], true), (.latest, 10, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11], false),
    (.before(5), 3, [2, 3, 4], false), (.before(6), 3, [3, 4, 5], true), (.before(2), 3, [], false),
    (.before(0), 3, [], false), (.after(8), 3, [9, 10, 11], false), (.after(7), 3, [8, 9, 10], true),
    (.after(11), 3, [], false), (.after(.max), 3, [], false), (.around(6), 4, [5, 6, 7, 8], true),
    (.around(6), 5, [4, 5, 6, 7, 8], true), (.around(6), 10, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11], false),
    (.around(2), 4, [2, 3, 4], true), (.around(11), 4, [10, 11], true), (.around(11), 1, [11], true),
  ]

  @Test(arguments: pages)
  func `a page is ascending and says whether there is more`(
    page: Page, limit: Int, seqs: [Int64], hasMore: Bool
  ) async throws {
    let (stage, group) = try await told()
    let reply = try await ListMessages(conversation: group, page: page, limit: limit)
      .run(in: stage.chat, as: stage.bob)
    #expect(try reply.messages.map(\.seq) == seqs)
    #expect(reply.hasMore == hasMore)
    #expect(reply.head == 11)
  }

  @Test func `a public history is read by anyone signed in, a group's by its members`() async throws {
    let (stage, group) = try await told()
    await refused(.notFound(.conversation)) { () throws(ChatError) in
      try await ListMessages(conversation: group).run(in: stage.chat, as: stage.eve)
    }
    let square = try await stage.cast.square()
    try await stage.cast.say("hear", by: stage.cast.ada, in: square.id)
    let reply = try await ListMessages(conversation: square.id).run(in: stage.chat, as: stage.eve)
    #expect(try reply.messages.map(\.text) == ["hear"])
  }

  @Test func `a member who came later sees the whole history`() async throws {
    let (stage, group) = try await told()
    _ = try await PutMember(conversation: group, user: stage.eve.user).run(in: stage.chat, as: stage.ada)
    #expect(try await ListMessages(conversation: group).run(in: stage.chat, as: stage.eve).messages.count == 10)
  }

  @Test func `a page is at most 100, and 50 when nobody says`() async throws {
    let (stage, group) = try await told()
    for number in 12...111 { try await stage.cast.say("\(number)", by: stage.cast.ada, in: group) }
    #expect(try await ListMessages(conversation: group).run(in: stage.chat, as: stage.bob).messages.count == 50)
    let most = try await ListMessages(conversation: group, limit: 100).run(in: stage.chat, as: stage.bob)
    #expect(try most.messages.count == 100 && most.hasMore)
    for limit in [0, 101] {
      await faulty(["/limit out_of_range"]) { () throws(ChatError) in
        try await ListMessages(conversation: group, limit: limit).run(in: stage.chat, as: stage.bob)
      }
    }
  }

  @Test func `a seq below zero is refused by its name`() async throws {
    let (stage, group) = try await told()
    for (page, name) in [(Page.before(-1), "before"), (.after(.min), "after"), (.around(-5), "around")] {
      await faulty(["/\(name) out_of_range"]) { () throws(ChatError) in
        try await ListMessages(conversation: group, page: page).run(in: stage.chat, as: stage.bob)
      }
    }
    await faulty(["/after out_of_range"]) { () throws(ChatError) in
      try await ListEntries(conversation: group, after: -1).run(in: stage.chat, as: stage.bob)
    }
  }

  @Test func `entries are read in order from where the reader is`() async throws {
    let (stage, group) = try await told()
    let first = try await ListEntries(conversation: group, limit: 10).run(in: stage.chat, as: stage.bob)
    #expect(first.entries.map(\.seq) == Array(1...10))
    #expect(first.hasMore && first.head == 11)
    let rest = try await ListEntries(conversation: group, after: 10, limit: 10).run(in: stage.chat, as: stage.bob)
    #expect(rest.entries.map(\.seq) == [11])
    #expect(!rest.hasMore)
    await refused(.notFound(.conversation)) { () throws(ChatError) in
      try await ListEntries(conversation: group).run(in: stage.chat, as: stage.eve)
    }
  }

  @Test func `the caller reads his own log, and nobody else's`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let own = stage.cast.bob.ownConversation
    let reply = try await ListEntries(conversation: own).run(in: stage.chat, as: stage.bob)
    #expect(reply.entries.map(\.event.name) == ["conversation.created", "conversation.joined"])
    #expect(reply.entries.last?.event == .joined(group.id, seq: 1))
    await refused(.notFound(.conversation)) { () throws(ChatError) in
      try await ListEntries(conversation: own).run(in: stage.chat, as: stage.ada)
    }
  }
}
