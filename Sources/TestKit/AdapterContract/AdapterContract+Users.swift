import ChatCore

extension AdapterContract {
  static let users: [ContractCase] = [
    ContractCase("a registered user is found by id and by name") { stores in
      let cast = try await Cast.gather(in: stores)
      let ada = try required(await stores.users.user(cast.ada.id), "the user by id")
      try expect(ada, is: cast.ada, "the user by id")
      let found = try required(
        await stores.users.credentials(ofUsernameKey: Username.key(of: "ADA-\(cast.mark)")), "the user by name")
      try expect(found.user, is: cast.ada, "the user by name")
      try expect(found.passwordHash, is: "hash of \(cast.ada.username)", "the hash")
      try expect(ada.id.bucket, is: Username(stored: ada.username).bucket, "the user's bucket is his name's")
      try expect(ada.id.rawValue >= 10_000_000, "a user id has at least eight digits")
    },
    ContractCase("a user may register with his picture") { stores in
      let name = try await Cast.gather(in: stores).ada.username + "-too"
      let made = try await stores.users.register(
        NewUser(
          username: Username(stored: name), displayName: name, email: nil, passwordHash: "x", avatarURL: "/ada.png"))
      try expect(made.avatarURL, is: "/ada.png", "the picture")
      try expect(try await stores.users.user(made.id), is: made, "what is remembered")
    },
    ContractCase("a name is taken once, without regard to case") { stores in
      let cast = try await Cast.gather(in: stores)
      let twin = NewUser(
        username: Username(stored: "ADA-\(cast.mark)"), displayName: "x", email: nil, passwordHash: "y")
      try await refused(.conflict(.usernameTaken), "a case twin") { () throws(ChatError) in
        try await stores.users.register(twin)
      }
      let found = try required(await stores.users.credentials(ofUsernameKey: twin.username.key), "the first")
      try expect(found.user.id, is: cast.ada.id, "the first keeps the name")
    },
    ContractCase("a user has from the start the attributes that he registers with") { stores in
      let cast = try await Cast.gather(in: stores)
      let name = Username(stored: "zoe-\(cast.mark)")
      let zoe = try await stores.users.register(
        NewUser(
          username: name, displayName: "Zoe", email: nil, passwordHash: "z",
          attributes: ["fname": "Zoë", "lname": "B"]))
      try expect(zoe.attributes, is: ["fname": "Zoë", "lname": "B"], "what registering answers")
      try expect(try required(await stores.users.user(zoe.id), "the user"), is: zoe, "the user by id")
    },
    ContractCase("registering makes the self conversation, whose seq 1 says so") { stores in
      let ada = try await Cast.gather(in: stores).ada
      try expect(ada.ownConversation.bucket, is: ada.id.bucket, "the self conversation's bucket is the user's")
      let heads = try await stores.conversations.heads(of: ada.id).known
      try expect(heads, is: [ada.ownConversation: 1], "the heads of a new user")
      let entries = try await stores.log.entries(of: ada.ownConversation, after: 0, limit: 10)
      let first = try required(entries.first, "the first entry")
      try expect(entries.count, is: 1, "entries of a new user")
      guard case .conversationCreated(let made) = first.event else { throw ContractBroken("seq 1 is \(first.event)") }
      try expect(made.kind, is: .self, "its kind")
      try expect(made.members.map(\.user), is: [ada.id], "its members")
      try expect(first.author, is: Author(id: ada.id, username: ada.username), "its author")
      let listed = try await stores.conversations.conversations(of: ada.id, after: nil, limit: 10, members: 2)
      try expect(listed, is: [], "the list leaves the self conversation out")
    },
    ContractCase("of many ids those that exist are found") { stores in
      let cast = try await Cast.gather(in: stores)
      let unknown = UserID(counter: 2_000_000_000_000, bucket: cast.ada.id.bucket)
      let found = try await stores.users.users([cast.bob.id, unknown, cast.ada.id])
      try expect(Set(found), is: [cast.ada, cast.bob], "the users")
      try expect(try await stores.users.user(unknown), is: nil, "the unknown one")
    },
    ContractCase("a profile changes in what is named, and an address can be taken away") { stores in
      let ada = try await Cast.gather(in: stores).ada
      let named = try await stores.users.update(
        ada.id, ProfileChange(displayName: "Countess", email: .some("ada@example.org")))
      try expect(named.displayName, is: "Countess", "the name")
      let kept = try await stores.users.update(ada.id, ProfileChange())
      try expect(kept.email, is: "ada@example.org", "the address kept")
      let without = try await stores.users.update(ada.id, ProfileChange(email: .some(nil)))
      try expect(without.email, is: nil, "the address taken away")
      try expect(try await stores.users.user(ada.id), is: without, "what is remembered")
      try await refused(.notFound(.user), "an unknown user") { () throws(ChatError) in
        try await stores.users.update(
          UserID(counter: 2_000_000_000_000, bucket: ada.id.bucket), ProfileChange(displayName: "x"))
      }
    },
    ContractCase("a new password hash replaces the old") { stores in
      let ada = try await Cast.gather(in: stores).ada
      try await stores.users.setPasswordHash("another", of: ada.id)
      let found = try await stores.users.credentials(ofUsernameKey: Username.key(of: ada.username))
      try expect(found?.passwordHash, is: "another", "the hash")
    },
    ContractCase("users are found by the beginning of their names, page by page") { stores in
      let cast = try await Cast.gather(in: stores)
      var wanted: [UserID] = []
      for number in 1...5 { wanted.append(try await cast.extra("zoe-\(cast.mark)-\(number)").id) }
      let prefix = Username.key(of: "ZOE-\(cast.mark)")
      let first = try await stores.users.search(prefix: prefix, after: nil, limit: 3)
      let last = try required(first.last, "the first page")
      let second = try await stores.users.search(prefix: prefix, after: Username.key(of: last.username), limit: 3)
      try expect((first + second).map(\.id), is: wanted, "all of them, ascending")
      let wild = try await stores.users.search(prefix: "%\(cast.mark)", after: nil, limit: 3)
      try expect(wild, is: [], "no character of a prefix is a wild card")
    },
  ]
}
