import ChatCore

extension AdapterContract {
  static let conversations: [ContractCase] = [
    ContractCase("a direct conversation is opened once, from either side") { stores in
      let cast = try await Cast.gather(in: stores)
      try expect(try await stores.conversations.direct(cast.ada.id, cast.bob.id), is: nil, "there is none yet")
      let (direct, made) = try await stores.conversations.openDirect(cast.ada, cast.bob)
      try expect(try await stores.conversations.direct(cast.bob.id, cast.ada.id), is: direct.id, "it is found")
      try expect(direct.id.bucket, is: Bucket(ofPair: cast.ada.id, cast.bob.id), "its bucket is the pair's")
      try expect(direct.kind, is: .direct, "its kind")
      try expect(direct.title, is: nil, "its title")
      try expect(direct.members, is: members([cast.ada, cast.bob], .member), "its members")
      try expectCreation(try required(made, "its entries"), of: direct, by: cast.ada, tells: [cast.ada, cast.bob])
      let again = try await stores.conversations.openDirect(cast.bob, cast.ada)
      try expect(again.conversation, is: direct, "the same from the other side")
      try expect(again.made, is: nil, "nothing new")
    },
    ContractCase("a group begins with all its members, each of whom hears of it in his own log") { stores in
      let cast = try await Cast.gather(in: stores)
      let (group, made) = try await stores.conversations.create(
        .group, title: "Room", owner: cast.ada, members: [cast.eve, cast.bob])
      try expect(group.title, is: "Room", "the title")
      try expect(group.head, is: 1, "the head")
      try expect(group.memberCount, is: 3, "the number of members")
      let all = members([cast.ada], .owner) + members([cast.bob, cast.eve], .member)
      try expect(group.members, is: all.sorted { $0.user < $1.user }, "the members")
      try expectCreation(made, of: group, by: cast.ada, tells: [cast.ada, cast.bob, cast.eve])
      let stored = try await stores.log.entries(of: group.id, after: 0, limit: 10)
      try expect(stored, is: made.filter { $0.conversation == group.id }, "the stored log")
      let own = try await stores.log.entries(of: cast.bob.ownConversation, after: 1, limit: 10)
      try expect(own.map(\.event), is: [.joined(group.id, seq: 1)], "Bob's own log")
      try expect(own, is: made.filter { $0.conversation == cast.bob.ownConversation }, "what is published of it")
    },
    ContractCase("a conversation is seen by its members, a public one by all, a self one by its user") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let square = try await cast.square()
      try expect(try await stores.conversations.conversation(group.id, for: cast.bob.id, members: 9), is: group, "Bob")
      let stranger = try await stores.conversations.conversation(group.id, for: cast.eve.id, members: 9)
      try expect(stranger, is: nil, "a stranger in a group")
      let guest = try await stores.conversations.conversation(square.id, for: cast.eve.id, members: 9)
      try expect(guest, is: square, "a stranger on the square")
      let own = try await stores.conversations.conversation(cast.ada.ownConversation, for: cast.ada.id, members: 9)
      try expect(own?.kind, is: .self, "her own")
      let foreign = try await stores.conversations.conversation(cast.ada.ownConversation, for: cast.bob.id, members: 9)
      try expect(foreign, is: nil, "another's own")
      let unknown = ConversationID(counter: 2_000_000_000_000, bucket: group.id.bucket)
      let none = try await stores.conversations.conversation(unknown, for: cast.ada.id, members: 9)
      try expect(none, is: nil, "an unknown one")
    },
    ContractCase("a conversation shows as many members as asked, and counts all") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group(with: [cast.bob, cast.eve])
      let shown = try required(
        await stores.conversations.conversation(group.id, for: cast.ada.id, members: 2), "the group")
      try expect(shown.members, is: Array(group.members.prefix(2)), "the first two")
      try expect(shown.memberCount, is: 3, "the count")
      let none = try await stores.conversations.conversation(group.id, for: cast.ada.id, members: 0)
      try expect(none?.members, is: [], "none")
      let firstPage = try await stores.conversations.members(of: group.id, after: nil, limit: 2)
      let secondPage = try await stores.conversations.members(of: group.id, after: firstPage.last?.user, limit: 2)
      try expect(firstPage + secondPage, is: group.members, "both pages")
      try expect(firstPage.count, is: 2, "the first page")
    },
    ContractCase("a user's conversations are listed page by page with their heads") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct()
      let group = try await cast.group()
      let square = try await cast.square()
      try await cast.say("one", by: cast.ada, in: group.id)
      let all = [direct.id, group.id, square.id].sorted()
      let first = try await stores.conversations.conversations(of: cast.ada.id, after: nil, limit: 2, members: 5)
      let rest = try await stores.conversations.conversations(
        of: cast.ada.id, after: first.last?.id, limit: 2, members: 5)
      try expect((first + rest).map(\.id), is: all, "all of Ada's, ascending")
      try expect((first + rest).first { $0.id == group.id }?.head, is: 2, "the group's head")
      try expect((first + rest).first { $0.id == direct.id }?.members.count, is: 2, "the direct one's members")
      let heads = try await stores.conversations.heads(of: cast.ada.id).known
      let wanted: [ConversationID: Int64] = [direct.id: 1, group.id: 2, square.id: 1, cast.ada.ownConversation: 4]
      try expect(heads, is: wanted, "Ada's heads")
      let others = try await stores.conversations.conversations(of: cast.bob.id, after: nil, limit: 9, members: 5)
      try expect(others.map(\.id), is: [direct.id, group.id].sorted(), "Bob's")
    },
    ContractCase("a title is changed by owner and admins, and the log says so") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let (renamed, made) = try await stores.conversations.update(group.id, title: "Hall", picture: nil, by: cast.ada)
      try expect(renamed.title, is: "Hall", "the title")
      try expect(renamed.head, is: 2, "the head")
      try expect(made?.map(\.event), is: [.conversationUpdated(title: "Hall", picture: nil)], "the entry")
      let again = try await stores.conversations.update(group.id, title: "Hall", picture: nil, by: cast.ada)
      try expect(again.made, is: nil, "the same title again")
      let pictured = try await stores.conversations.update(group.id, title: nil, picture: "a.png", by: cast.ada)
      try expect(pictured.conversation.picture, is: "a.png", "the picture")
      try expect(pictured.made?.map(\.event), is: [.conversationUpdated(title: "Hall", picture: "a.png")], "its entry")
      let found = try await stores.conversations.conversation(group.id, for: cast.bob.id, members: 0)
      try expect(found?.picture, is: "a.png", "the picture as Bob sees it")
      let bare = try await stores.conversations.update(group.id, title: nil, picture: .some(nil), by: cast.ada)
      try expect(bare.conversation.picture, is: nil, "no picture any more")
      let untouched = try await stores.conversations.update(group.id, title: nil, picture: nil, by: cast.ada)
      try expect(untouched.made, is: nil, "nothing to change")
      try await refused(.forbidden(.roleTooLow), "a plain member") { () throws(ChatError) in
        try await stores.conversations.update(group.id, title: "x", picture: nil, by: cast.bob)
      }
      try await refused(.notFound(.conversation), "a stranger") { () throws(ChatError) in
        try await stores.conversations.update(group.id, title: "x", picture: nil, by: cast.eve)
      }
      let square = try await cast.square()
      try await refused(.forbidden(.notAMember), "a guest on the square") { () throws(ChatError) in
        try await stores.conversations.update(square.id, title: "x", picture: nil, by: cast.eve)
      }
      let direct = try await cast.direct()
      try await refused(.forbidden(.wrongKind), "a direct one") { () throws(ChatError) in
        try await stores.conversations.update(direct.id, title: "x", picture: nil, by: cast.ada)
      }
    },
    ContractCase("a deleted conversation is gone for all, while its log still tells of the deletion") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      try await refused(.forbidden(.roleTooLow), "a plain member") { () throws(ChatError) in
        try await stores.conversations.delete(group.id, by: cast.bob)
      }
      let made = try await stores.conversations.delete(group.id, by: cast.ada)
      try expect(made.map(\.event), is: [.conversationDeleted], "the entry")
      let shown = try await stores.conversations.conversation(group.id, for: cast.ada.id, members: 1)
      try expect(shown, is: nil, "the owner sees it no more")
      let listed = try await stores.conversations.conversations(of: cast.bob.id, after: nil, limit: 9, members: 1)
      try expect(listed, is: [], "the list")
      let heads = try await stores.conversations.heads(of: cast.bob.id).known
      try expect(Set(heads.keys), is: [cast.bob.ownConversation], "the heads")
      try await refused(.notFound(.conversation), "writing") { () throws(ChatError) in
        try await cast.say("x", by: cast.ada, in: group.id)
      }
      try await refused(.notFound(.conversation), "deleting again") { () throws(ChatError) in
        try await stores.conversations.delete(group.id, by: cast.ada)
      }
      try expect(try await stores.log.heads(of: [group.id]), is: [group.id: 2], "the log's head")
      let last = try await stores.log.entries(of: group.id, after: 1, limit: 9)
      try expect(last.map(\.event), is: [.conversationDeleted], "the log's end")
    },
  ]

  private static func members(_ users: [User], _ role: Role) -> [Member] {
    users.map { Member(user: $0.id, username: $0.username, role: role) }.sorted { $0.user < $1.user }
  }

  /// Entry 1 carries the conversation as it was made; each member's own log tells of it.
  private static func expectCreation(
    _ made: Made, of conversation: Conversation, by author: User, tells users: [User]
  ) throws {
    let here = made.filter { $0.conversation == conversation.id }
    try expect(here.map(\.event), is: [.conversationCreated(conversation)], "the entry of the conversation")
    try expect(here.map(\.seq), is: [1], "its seq")
    try expect(here.map(\.id.bucket), is: [conversation.id.bucket], "its bucket")
    try expect(made.count, is: users.count + 1, "the number of entries")
    for user in users {
      let own = made.filter { $0.conversation == user.ownConversation }
      try expect(own.map(\.event), is: [.joined(conversation.id, seq: 1)], "the entry in \(user.username)'s own log")
      try expect(own.map(\.author.id), is: [author.id], "its author")
    }
  }
}
