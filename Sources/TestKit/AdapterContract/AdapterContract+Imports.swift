import ChatCore

extension AdapterContract {
  private static let then = Timestamp(milliseconds: 1_500_000_000_123)

  static let imports: [ContractCase] = [
    ContractCase("an imported account has its id, its time, its picture and its hash, and its name is taken") {
      stores in
      let mark = try await Cast.gather(in: stores).mark
      let past = past("Ann-\(mark)", key: mark)
      let user = try await stores.imports.register(past)
      try expect(user.id, is: past.id, "the id")
      try expect(try await stores.users.users([user.id]), is: [user], "what is remembered")
      try expect(user.createdAt, is: then, "when")
      try expect(user.avatarURL, is: "/ann.png", "the picture")
      try expect(user.attributes, is: ["fname": "Ann"], "the attributes")
      try expect(try await stores.users.passwordHash(of: user.id), is: "hash", "the hash")
      let first = try required(
        try await stores.log.entries(of: user.ownConversation, after: 0, limit: 2).first, "the first entry")
      try expect(first.event.name, is: "conversation.created", "the self log")
      try expect(first.createdAt, is: then, "its time")
      let holder = try await stores.imports.holder(ofUsernameKey: past.username.key)
      try expect(holder, is: user, "who has the name")
      try await refused(.conflict(.usernameTaken), "once more") { () throws(ChatError) in
        try await stores.imports.register(past)
      }
      try await refused(.conflict(.usernameTaken), "somebody else") { () throws(ChatError) in
        try await stores.users.register(
          NewUser(username: Username(stored: "ANN-\(mark)"), displayName: "x", email: nil, passwordHash: "y"))
      }
      let now = try await stores.imports.register(
        PastUser(
          id: ImportKey(source: "contract", key: mark + "2").user(in: Bucket(ofUsernameKey: "ann2-\(mark)")),
          username: Username(stored: "ann2-\(mark)"), displayName: "Ann", passwordHash: "hash"))
      try expect(now.createdAt > then, "without a time it is made now")
    },
    ContractCase("what two were is restored beside a block, again without a change") { stores in
      let cast = try await Cast.gather(in: stores)
      for _ in 1...2 {
        try await stores.imports.restore(
          .requested, isBlocked: true, since: then, of: cast.ada, to: cast.bob, limit: 9)
      }
      let pair = try await stores.contacts.pair(cast.ada.id, cast.bob.id)
      try expect(pair[cast.ada.id].state, is: .requested, "Ada's side")
      try expect(pair[cast.bob.id].state, is: .requesting, "Bob's side")
      try expect(pair[cast.ada.id].since, is: then, "since when")
      try expect(pair[cast.ada.id].block, is: .blocked, "the block")
      try expect(try await cast.states(of: cast.bob), is: [cast.ada.id: .requesting], "Bob's list")
      try await stores.imports.restore(.requested, isBlocked: false, since: nil, of: cast.bob, to: cast.ada, limit: 9)
      try expect(try await cast.states(of: cast.ada), is: [cast.bob.id: .accepted], "crossing requests")
      try await stores.imports.restore(.new, isBlocked: false, since: then, of: cast.ada, to: cast.eve, limit: 9)
      try expect(
        try await cast.states(of: cast.ada), is: [cast.bob.id: .accepted, cast.eve.id: .new], "somebody merely known")
      try expect(try await stores.contacts.pair(cast.ada.id, cast.bob.id)[cast.ada.id].block, is: .blocked, "it holds")
    },
    ContractCase("a group is made once under its id, with its roles and its time") { stores in
      let cast = try await Cast.gather(in: stores)
      let id = ImportKey(source: "contract", key: cast.mark).group
      let group = PastGroup(
        id: id, title: "Old", picture: "/old.png", owner: cast.ada, members: [(cast.bob, .admin), (cast.eve, .member)],
        createdAt: then)
      try expect(try await stores.imports.create(group, most: 9), is: true, "the first time")
      try expect(try await stores.imports.create(group, most: 9), is: false, "the second time")
      let shown = try required(
        try await stores.conversations.conversation(id, for: cast.eve.id, members: 9), "the group")
      try expect(shown.members, is: group.memberships, "the members")
      try expect(shown.createdAt, is: then, "when")
      try expect(shown.picture, is: "/old.png", "the picture")
      try expect(try await stores.conversations.heads(of: cast.bob.id).known[id], is: 1, "in Bob's list")
      let other = PastGroup(id: id, title: "Old", owner: cast.bob, members: [], createdAt: then)
      try await refused(.conflict(.idempotency), "another's") { () throws(ChatError) in
        try await stores.imports.create(other, most: 9)
      }
      _ = try await stores.conversations.delete(id, by: cast.ada)
      try expect(try await stores.imports.create(group, most: 9), is: false, "when it was deleted")
      let outcome = try await stores.imports.append([said("x", cast.ada, in: id)])
      try expect(outcome, is: [.unknownConversation], "a message into it")
    },
    ContractCase("who has ended his account is entered into nothing, were he looked up before; what is there stays") {
      stores in
      let cast = try await Cast.gather(in: stores)
      let (ada, bob, eve) = (cast.ada, cast.bob, cast.eve)
      let direct = try await stores.imports.openDirect(ada, bob, at: then, most: 9)
      let old = group("\(cast.mark) old", of: ada, with: bob)
      try expect(try await stores.imports.create(old, most: 9), is: true, "a group")
      try expect(try await stores.users.delete(bob.id), is: true, "the account ends")
      try expect(try await stores.imports.openDirect(bob, ada, at: then, most: 9), is: direct, "a conversation")
      try expect(try await stores.imports.create(old, most: 9), is: false, "the group again")
      try await refused(.notFound(.user), "a new conversation") { () throws(ChatError) in
        try await stores.imports.openDirect(eve, bob, at: then, most: 9)
      }
      for (owner, member) in [(bob, eve), (eve, bob)] {
        try await refused(.notFound(.user), "a new group") { () throws(ChatError) in
          try await stores.imports.create(group("\(cast.mark) new", of: owner, with: member), most: 9)
        }
      }
      try await refused(.notFound(.user), "a contact") { () throws(ChatError) in
        try await stores.imports.restore(.accepted, isBlocked: false, since: nil, of: eve, to: bob, limit: 9)
      }
      let listed = try await stores.cleanups.conversationsListed(of: bob.id, after: nil, limit: 9)
      try expect(Set(listed), is: [direct, old.id], "his list")
      try expect(try await stores.conversations.heads(of: eve.id).known.count, is: 1, "Eve's")
      try expect(try await stores.imports.endedAccount(bob.id)?.username, is: bob.username, "his name")
      try expect(try await stores.imports.endedAccount(eve.id), is: nil, "of who is there")
      let stored = try await stores.imports.append([said("late", bob, in: old.id)])
      try expect(stored.contains(.unknownConversation), is: false, "what he said")
    },
    ContractCase("who has as many conversations as one may have is entered into none") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await stores.imports.openDirect(cast.ada, cast.bob, at: then, most: 1)
      let again = try await stores.imports.openDirect(cast.ada, cast.bob, at: then, most: 1)
      try expect(again, is: direct, "what is there")
      try await refused(.conflict(.conversationsFull), "another") { () throws(ChatError) in
        try await stores.imports.openDirect(cast.eve, cast.ada, at: then, most: 1)
      }
      try await refused(.conflict(.conversationsFull), "a group") { () throws(ChatError) in
        try await stores.imports.create(group(cast.mark, of: cast.eve, with: cast.bob), most: 1)
      }
    },
    ContractCase("history goes in with its times, in its order, once, whoever has blocked whom or has left") { stores in
      let cast = try await Cast.gather(in: stores)
      _ = try await stores.contacts.change(.block(.blocked), by: cast.ada, to: cast.bob, limit: 9)
      let direct = try await stores.imports.openDirect(cast.ada, cast.bob, at: then, most: 9)
      let again = try await stores.imports.openDirect(cast.bob, cast.ada, at: then, most: 9)
      try expect(again, is: direct, "the same again")
      let room = try await cast.group().id
      let messages = [
        said("one", cast.bob, in: direct), said("first", cast.eve, in: room),
        said("two", cast.ada, in: direct, .among(0)),
        said("second", cast.bob, in: room, .among(1)),
      ]
      let made = try await stores.imports.append(messages)
      let ids = made.compactMap { if case .stored(let id, isNew: true) = $0 { id } else { nil } }
      try expect(ids.count, is: 4, "all are new")
      let told = try await stores.imports.append(messages + [said("three", cast.bob, in: direct, .stored(ids[0]))])
      try expect(told.prefix(4), is: ids.map { .stored($0, isNew: false) }[...], "the second time")
      let history = try await stores.log.messages(of: direct, page: .latest, limit: 9)
      try expect(history.map(\.text), is: ["one", "two", "three"], "the history")
      try expect(history.map(\.seq), is: [2, 3, 4], "dense")
      try expect(history.map(\.replyTo), is: [nil, ids[0], ids[0]], "what they answer")
      try expect(history.map(\.createdAt), is: [then, then, then], "when")
      try expect(history.map(\.editedAt), is: [nil, nil, nil], "never edited")
      try expect(history.first?.sender.username, is: cast.bob.username, "who")
      let group = try await stores.log.messages(of: room, page: .latest, limit: 9)
      try expect(group.map(\.text), is: ["first", "second"], "the group's")
      try expect(group.last?.replyTo, is: ids[1], "an answer in the same batch")
      let other = said("one", cast.bob, in: direct, text: "another")
      try expect(try await stores.imports.append([other]), is: [.conflict], "another text under the same id")
      let next = try await cast.say("live", by: cast.ada, in: room)
      try expect(next.message.seq, is: 4, "what is said afterwards follows")
    },
    ContractCase("a message that was edited says so, and a repetition by its sender finds it") { stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group().id
      let past = PastMessage(
        conversation: room, sender: Author(id: cast.bob.id, username: cast.bob.username), type: .image, text: "a.png",
        clientMessageID: "old:1", createdAt: then, editedAt: then.adding(milliseconds: 5))
      _ = try await stores.imports.append([past])
      let found = try required(
        try await stores.log.message(by: cast.bob.id, clientMessageID: "old:1", in: room), "by its client id")
      try expect(found.editedAt, is: past.editedAt, "when it was edited")
      try expect(found.type, is: .image, "what it carries")
      try expect(try await stores.imports.append([]), is: [], "nothing")
    },
  ]

  private static func group(_ key: String, of owner: User, with member: User) -> PastGroup {
    PastGroup(
      id: ImportKey(source: "contract", key: key).group, title: "Old", owner: owner, members: [(member, .member)],
      createdAt: then)
  }

  private static func past(_ name: String, key: String) -> PastUser {
    let username = Username(stored: name)
    return PastUser(
      id: ImportKey(source: "contract", key: key).user(in: username.bucket), username: username, displayName: "Ann",
      email: "ann@example.org", avatarURL: "/ann.png", attributes: ["fname": "Ann"], passwordHash: "hash",
      createdAt: then)
  }

  private static func said(
    _ key: String, _ user: User, in room: ConversationID, _ reply: PastMessage.Reply? = nil, text: String? = nil
  ) -> PastMessage {
    PastMessage(
      conversation: room, sender: Author(id: user.id, username: user.username), text: text ?? key,
      clientMessageID: "contract:\(key)", reply: reply, createdAt: then)
  }
}
