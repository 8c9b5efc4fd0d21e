import ChatCore

/// How many conversations a user may have.
extension AdapterContract {
  static let lists: [ContractCase] = [
    ContractCase("who has as many conversations as he may enters no more, in whatever way, and keeps what he has") {
      stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct().id
      let group = try await cast.group().id
      let square = try await cast.square().id
      let empty = try await stores.conversations.create(.group, title: "Hers", owner: cast.eve, members: [])
        .conversation
      let ways: [(String, @Sendable () async throws(ChatError) -> Void)] = [
        ("his own", { () throws(ChatError) in try await cast.make(by: cast.bob, with: [], most: 2) }),
        (
          "one that names him", { () throws(ChatError) in try await cast.make(by: cast.eve, with: [cast.bob], most: 2) }
        ),
        ("joining", { () throws(ChatError) in try await cast.put(cast.bob, into: square, by: cast.bob, most: 2) }),
        (
          "being added", { () throws(ChatError) in try await cast.put(cast.bob, into: empty.id, by: cast.eve, most: 2) }
        ),
        ("being written to", { () throws(ChatError) in try await cast.open(cast.eve, cast.bob, most: 2) }),
        ("writing to somebody", { () throws(ChatError) in try await cast.open(cast.bob, cast.eve, most: 2) }),
      ]
      for (way, enter) in ways { try await refused(.conflict(.conversationsFull), way, enter) }
      try expect(try await stores.log.heads(of: [square, empty.id]), is: [square: 1, empty.id: 1], "no entry")
      let heads = try await stores.conversations.heads(of: cast.bob.id).known
      try expect(heads, is: [direct: 1, group: 1, cast.bob.ownConversation: 3], "what he has")
      try await cast.open(cast.ada, cast.bob, most: 2)
      try await cast.put(cast.bob, into: group, by: cast.ada, most: 2)
      try await cast.put(cast.bob, into: square, by: cast.bob, most: 3)
    },
    ContractCase("others leave him a quarter of what he may have, for his own and for who writes to him") { stores in
      let cast = try await Cast.gather(in: stores)
      let square = try await cast.square().id
      let empty = try await stores.conversations.create(.group, title: "Hers", owner: cast.eve, members: [])
        .conversation
      for _ in 0..<3 { try await cast.make(by: cast.ada, with: [cast.bob], most: 4) }
      try await refused(.conflict(.conversationsFull), "one that names him") { () throws(ChatError) in
        try await cast.make(by: cast.eve, with: [cast.bob], most: 4)
      }
      try await refused(.conflict(.conversationsFull), "being added") { () throws(ChatError) in
        try await cast.put(cast.bob, into: empty.id, by: cast.eve, most: 4)
      }
      try await cast.put(cast.bob, into: square, by: cast.bob, most: 4)
      _ = try await stores.conversations.change(square, .remove, of: cast.bob, by: cast.bob, limit: 9)
      try await cast.open(cast.eve, cast.bob, most: 4)
      try await refused(.conflict(.conversationsFull), "his own") { () throws(ChatError) in
        try await cast.make(by: cast.bob, with: [], most: 4)
      }
    },
    ContractCase("the heads of a user are those of all he is in, his own too, as the logs have them, and no others") {
      stores in
      let cast = try await Cast.gather(in: stores)
      let (group, direct) = (try await cast.group().id, try await cast.direct().id)
      let (left, deleted) = (try await cast.group().id, try await cast.group().id)
      _ = try await stores.conversations.create(.group, title: "Hers", owner: cast.eve, members: [cast.ada])
      for text in ["a", "b", "c"] { try await cast.say(text, by: cast.ada, in: group) }
      try await cast.say("hi", by: cast.bob, in: direct)
      _ = try await stores.conversations.change(left, .remove, of: cast.bob, by: cast.bob, limit: 9)
      _ = try await stores.conversations.delete(deleted, by: cast.ada)
      let heads = try await stores.conversations.heads(of: cast.bob.id).known
      let own = cast.bob.ownConversation
      try expect(Set(heads.keys), is: [group, direct, own], "which")
      try expect([heads[group], heads[direct]], is: [4, 2], "those he was told of")
      try expect(heads, is: try await stores.log.heads(of: [group, direct, own]), "as the logs have them")
      let nobody = UserID(rawValue: UserID.rawValueMax)
      try expect(try await stores.conversations.heads(of: nobody).known, is: [:], "of nobody")
    },
    ContractCase("leaving makes room, and so does deleting: at once his own, another's once he has looked") { stores in
      let cast = try await Cast.gather(in: stores)
      let (one, other) = (try await cast.group().id, try await cast.group().id)
      try await refused(.conflict(.conversationsFull), "a third") { () throws(ChatError) in
        try await cast.make(by: cast.bob, with: [], most: 2)
      }
      _ = try await stores.conversations.change(one, .remove, of: cast.bob, by: cast.bob, limit: 9)
      let own = try await stores.conversations.create(
        .group, title: "His", picture: nil, owner: cast.bob, members: [], most: 2)
      _ = try await stores.conversations.delete(own.conversation.id, by: cast.bob)
      try await cast.make(by: cast.bob, with: [], most: 2)
      _ = try await stores.conversations.delete(other, by: cast.ada)
      let heads = try await stores.conversations.heads(of: cast.bob.id).known
      try expect(heads.count, is: 2, "what he has")
      let named = try await stores.conversations.create(
        .group, title: "Hers", picture: nil, owner: cast.ada, members: [cast.bob], most: 4)
      _ = try await stores.conversations.delete(named.conversation.id, by: cast.ada)
      let listed = try await stores.conversations.conversations(of: cast.bob.id, after: nil, limit: 9, members: 0)
      try expect(listed.count, is: 1, "what is listed")
      try await cast.make(by: cast.bob, with: [], most: 2)
      try await refused(.conflict(.conversationsFull), "one more") { () throws(ChatError) in
        try await cast.make(by: cast.bob, with: [], most: 2)
      }
    },
  ]
}

extension Cast {
  fileprivate func make(by owner: User, with members: [User], most: Int) async throws(ChatError) {
    _ = try await stores.conversations.create(
      .group, title: "More", picture: nil, owner: owner, members: members, most: most)
  }

  fileprivate func put(
    _ user: User, into conversation: ConversationID, by caller: User, most: Int
  ) async throws(ChatError) {
    _ = try await stores.conversations.change(conversation, .put(nil), of: user, by: caller, limit: 9, most: most)
  }

  fileprivate func open(_ caller: User, _ other: User, most: Int) async throws(ChatError) {
    _ = try await stores.conversations.openDirect(caller, other, most: most)
  }
}
