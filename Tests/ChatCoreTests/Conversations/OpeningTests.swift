import ChatCore
import TestKit
import Testing

@Suite struct OpeningTests {
  @Test func `a direct conversation is opened once, whoever asks first`() async throws {
    let stage = try await Stage.set()
    let first = try await OpenDirectConversation(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    let again = try await OpenDirectConversation(user: stage.ada.user).run(in: stage.chat, as: stage.bob)
    #expect(first.isNew && !again.isNew)
    #expect(first.conversation == again.conversation)
    #expect(
      stage.publisher.entries.map(\.event.name) == [
        "conversation.created", "conversation.joined", "conversation.joined",
      ])
  }

  @Test func `nobody opens one with himself or with nobody`() async throws {
    let stage = try await Stage.set()
    await faulty(["/user not_allowed"]) { () throws(ChatError) in
      try await OpenDirectConversation(user: stage.ada.user).run(in: stage.chat, as: stage.ada)
    }
    await faulty(["/user unknown_user"]) { () throws(ChatError) in
      try await OpenDirectConversation(user: UserID(rawValue: 1)).run(in: stage.chat, as: stage.ada)
    }
  }

  @Test func `a group begins with its members, each named once`() async throws {
    let stage = try await Stage.set()
    let (ada, bob, eve) = (stage.ada.user, stage.bob.user, stage.eve.user)
    let group = try await CreateConversation(kind: .group, title: "Room", members: [bob, eve, bob, ada])
      .run(in: stage.chat, as: stage.ada)
    #expect(group.members.map(\.user) == [ada, bob, eve].sorted())
    #expect(group.members.filter { $0.role == .owner }.map(\.user) == [ada])
    #expect(stage.publisher.entries.count == 4)
  }

  @Test func `each unknown member is named by his place`() async throws {
    let stage = try await Stage.set()
    let members = [UserID(rawValue: 1), stage.bob.user, UserID(rawValue: 2)]
    await faulty(["/members/0 unknown_user", "/members/2 unknown_user"]) { () throws(ChatError) in
      try await CreateConversation(kind: .group, title: "Room", members: members).run(in: stage.chat, as: stage.ada)
    }
    #expect(stage.publisher.entries == [])
  }

  @Test func `a group is made with at most as many as it may have`() async throws {
    var limits = Limits()
    limits.groupMembersMax = 3
    let stage = try await Stage.set(limits: limits)
    let zoe = try await stage.cast.extra("zoe").id
    let two = [stage.bob.user, stage.eve.user]
    _ = try await CreateConversation(kind: .group, title: "R", members: two).run(in: stage.chat, as: stage.ada)
    await faulty(["/members too_long"]) { () throws(ChatError) in
      try await CreateConversation(kind: .group, title: "R", members: two + [zoe]).run(in: stage.chat, as: stage.ada)
    }
  }

  @Test(arguments: [ConversationKind.direct, .self])
  func `only group and public conversations are made with a title`(kind: ConversationKind) async throws {
    let stage = try await Stage.set()
    await faulty(["/kind not_allowed"]) { () throws(ChatError) in
      try await CreateConversation(kind: kind, title: "R").run(in: stage.chat, as: stage.ada)
    }
  }
}
