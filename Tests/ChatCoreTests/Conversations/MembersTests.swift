import ChatCore
import TestKit
import Testing

@Suite struct MembersTests {
  @Test func `an added member is told in the conversation and in his own log`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let put = PutMember(conversation: group.id, user: stage.eve.user)
    #expect(try await put.run(in: stage.chat, as: stage.ada).role == .member)
    #expect(stage.publisher.entries.map(\.conversation) == [group.id, stage.cast.eve.ownConversation])
    _ = try await put.run(in: stage.chat, as: stage.ada)
    #expect(stage.publisher.entries.count == 2)
  }

  @Test func `who may not see the conversation learns nothing of users either`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    for user in [stage.eve.user, UserID(rawValue: 1)] {
      await refused(.notFound(.conversation)) { () throws(ChatError) in
        try await PutMember(conversation: group.id, user: user).run(in: stage.chat, as: stage.eve)
      }
    }
    await refused(.notFound(.user)) { () throws(ChatError) in
      try await PutMember(conversation: group.id, user: UserID(rawValue: 1)).run(in: stage.chat, as: stage.ada)
    }
    await refused(.notFound(.member)) { () throws(ChatError) in
      try await RemoveMember(conversation: group.id, user: UserID(rawValue: 1)).run(in: stage.chat, as: stage.ada)
    }
  }

  @Test func `a group is full at its limit, a public conversation at its own`() async throws {
    var limits = Limits()
    (limits.groupMembersMax, limits.publicMembersMax) = (3, 2)
    let stage = try await Stage.set(limits: limits)
    let group = try await stage.cast.group()
    let zoe = try await stage.cast.extra("zoe")
    _ = try await PutMember(conversation: group.id, user: stage.eve.user).run(in: stage.chat, as: stage.ada)
    await refused(.conflict(.conversationFull)) { () throws(ChatError) in
      try await PutMember(conversation: group.id, user: zoe.id).run(in: stage.chat, as: stage.ada)
    }
    let square = try await stage.cast.square()
    _ = try await PutMember(conversation: square.id, user: stage.eve.user).run(in: stage.chat, as: stage.eve)
    await refused(.conflict(.conversationFull)) { () throws(ChatError) in
      try await PutMember(conversation: square.id, user: stage.bob.user).run(in: stage.chat, as: stage.bob)
    }
  }

  @Test func `who has as many conversations as he may makes, joins and is written to no more`() async throws {
    var limits = Limits()
    limits.conversationsPerUserMax = 2
    let stage = try await Stage.set(limits: limits)
    let (one, square) = (try await stage.cast.group(), try await stage.cast.square())
    _ = try await stage.cast.group()
    let chat = stage.chat
    await refused(.conflict(.conversationsFull)) { () throws(ChatError) in
      try await CreateConversation(kind: .group, title: "His").run(in: chat, as: stage.bob)
    }
    await refused(.conflict(.conversationsFull)) { () throws(ChatError) in
      try await PutMember(conversation: square.id, user: stage.bob.user).run(in: chat, as: stage.bob)
    }
    await refused(.conflict(.conversationsFull)) { () throws(ChatError) in
      try await OpenDirectConversation(user: stage.bob.user).run(in: chat, as: stage.eve)
    }
    try await RemoveMember(conversation: one.id, user: stage.bob.user).run(in: chat, as: stage.bob)
    _ = try await CreateConversation(kind: .group, title: "His").run(in: chat, as: stage.bob)
  }

  @Test func `ownership is shared with a member, and told in the conversation`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let bob = Member(user: stage.bob.user, username: stage.cast.bob.username, role: .owner)
    await refused(.notFound(.conversation)) { () throws(ChatError) in
      try await ShareOwnership(conversation: group.id, user: bob.user).run(in: stage.chat, as: stage.eve)
    }
    for nobody in [stage.eve.user, UserID(rawValue: 1)] {
      await refused(.notFound(.member)) { () throws(ChatError) in
        try await ShareOwnership(conversation: group.id, user: nobody).run(in: stage.chat, as: stage.ada)
      }
    }
    try await ShareOwnership(conversation: group.id, user: bob.user).run(in: stage.chat, as: stage.ada)
    #expect(stage.publisher.entries.map(\.event) == [.memberChanged(bob)])
    try await DeleteConversation(conversation: group.id).run(in: stage.chat, as: stage.bob)
  }

  @Test func `ownership is passed, after which the former owner may leave`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    let leave = RemoveMember(conversation: group.id, user: stage.ada.user)
    await refused(.forbidden(.lastOwner)) { () throws(ChatError) in try await leave.run(in: stage.chat, as: stage.ada) }
    let bob = try await PutMember(conversation: group.id, user: stage.bob.user, role: .owner)
      .run(in: stage.chat, as: stage.ada)
    #expect(bob.role == .owner)
    try await leave.run(in: stage.chat, as: stage.ada)
    let left = Author(id: stage.ada.user, username: stage.cast.ada.username)
    #expect(stage.publisher.entries.suffix(2).map(\.event) == [.memberLeft(left), .left(group.id, seq: 4)])
    await refused(.notFound(.conversation)) { () throws(ChatError) in
      try await SendMessage(conversation: group.id, text: "x").run(in: stage.chat, as: stage.ada)
    }
  }

  @Test func `members are listed page by page to who may see the conversation`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group(with: [stage.cast.bob, stage.cast.eve])
    let first = try await ListMembers(conversation: group.id, limit: 2).run(in: stage.chat, as: stage.eve)
    let second = try await ListMembers(conversation: group.id, after: first.next, limit: 2)
      .run(in: stage.chat, as: stage.eve)
    #expect(first.items + second.items == group.members)
    #expect(second.next == nil)
    await refused(.notFound(.conversation)) { () throws(ChatError) in
      let direct = try await stage.cast.direct()
      return try await ListMembers(conversation: direct.id).run(in: stage.chat, as: stage.eve)
    }
  }
}
