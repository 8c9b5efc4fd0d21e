import ChatCore

extension AdapterContract {
  private static let nonce = [UInt8](0..<32)

  static let accounts: [ContractCase] = [
    ContractCase("a picture is set and taken away, and attributes are merged by name") { stores in
      let ada = try await Cast.gather(in: stores).ada
      let first = try await stores.users.update(
        ada.id, ProfileChange(avatarURL: .some("/ada.png"), attributes: ["fname": "Ada", "status": "\"\\\u{7f}ü"]))
      try expect(first.avatarURL, is: "/ada.png", "the picture")
      let second = try await stores.users.update(ada.id, ProfileChange(attributes: ["fname": "", "lname": "L"]))
      try expect(second.attributes, is: ["status": "\"\\\u{7f}ü", "lname": "L"], "the attributes")
      try expect(second.avatarURL, is: "/ada.png", "the picture stays")
      try expect(try await stores.users.users([ada.id]), is: [second], "what is remembered")
      let third = try await stores.users.update(
        ada.id, ProfileChange(avatarURL: .some(nil), attributes: ["status": "", "lname": ""]))
      try expect(third.attributes, is: [:], "no attributes")
      try expect(third.avatarURL, is: nil, "no picture")
    },
    ContractCase("more attributes than the limit are refused, and nothing is changed") { stores in
      let ada = try await Cast.gather(in: stores).ada
      let names = (0..<Limits().attributesMax).map { "name_" + String(repeating: "x", count: $0) }
      let full = Dictionary(uniqueKeysWithValues: names.map { ($0, "v") })
      _ = try await stores.users.update(ada.id, ProfileChange(attributes: full))
      do {
        _ = try await stores.users.update(ada.id, ProfileChange(displayName: "x", attributes: ["more": "v"]))
        throw ContractBroken("one too many was stored")
      } catch let error as ChatError {
        guard case .invalid(let faults) = error else { throw error }
        try expect(faults.map(\.pointer), is: ["/attributes"], "the fault")
      }
      let now = try required(try await stores.users.user(ada.id), "ada")
      try expect(now.attributes, is: full, "the attributes")
      try expect(now.displayName, is: ada.displayName, "the name")
    },
    ContractCase("a new password ends all sessions but the one that is kept") { stores in
      let ada = try await Cast.gather(in: stores).ada
      var opened: [SessionID] = []
      for _ in 1...4 { opened.append(try await open(ada, in: stores)) }
      try expect(try await stores.sessions.end(opened[3], of: ada.id), is: true, "one that ends before")
      let ended = try await stores.users.changePassword("new hash", of: ada.id, keeping: opened[1])
      try expect(Set(ended), is: [opened[0], opened[2]], "those that ended")
      try expect(Set(try await stores.sessions.ended(among: opened)), is: Set(opened).subtracting([opened[1]]), "all")
      try expect(try await stores.sessions.sessions(of: ada.id).map(\.id), is: [opened[1]], "those that live")
      try expect(try await stores.users.passwordHash(of: ada.id), is: "new hash", "the hash")
      try expect(
        try await stores.users.changePassword("newer", of: ada.id, keeping: nil), is: [opened[1]], "the last one")
    },
    ContractCase("a deleted account is found by nothing, opens no session, and keeps its name") { stores in
      let cast = try await Cast.gather(in: stores)
      let (bob, key) = (cast.bob, Username.key(of: cast.bob.username))
      let room = try await cast.group()
      try await cast.say("still here", by: bob, in: room.id)
      let session = try await open(bob, in: stores)
      try expect(try await stores.users.delete(bob.id), is: true, "the first time")
      try expect(try await stores.users.delete(bob.id), is: false, "the second time")
      try expect(try await stores.users.user(bob.id), is: nil, "by id")
      try expect(try await stores.users.users([bob.id]), is: [], "by ids")
      try expect(try await stores.users.credentials(ofUsernameKey: key) == nil, "by name")
      try expect(try await stores.users.passwordHash(of: bob.id), is: nil, "his password")
      try expect(try await stores.users.search(prefix: key, after: nil, limit: 5), is: [], "by search")
      let near = try await stores.users.near(keys: [key], each: 2)
      try expect(!near.contains { $0.id == bob.id }, "by a name that is near")
      try expect(try await stores.sessions.ended(among: [session]), is: [session], "his session")
      try await refused(.unauthenticated(.wrongCredentials), "a session") { () throws(ChatError) in
        try await stores.sessions.open(user: bob.id, device: nil, nonce: nonce, most: 9)
      }
      try await refused(.notFound(.user), "a change") { () throws(ChatError) in
        try await stores.users.update(bob.id, ProfileChange(displayName: "x"))
      }
      try await refused(.conflict(.usernameTaken), "his name") { () throws(ChatError) in
        try await stores.users.register(
          NewUser(username: Username(stored: bob.username), displayName: "x", email: nil, passwordHash: "y"))
      }
      let said = try await stores.log.messages(of: room.id, page: .latest, limit: 5)
      try expect(said.map(\.text), is: ["still here"], "what he said")
    },
    ContractCase("users are something to each other while they share a conversation") { stores in
      let cast = try await Cast.gather(in: stores)
      let (ada, bob, eve) = (cast.ada.id, cast.bob.id, cast.eve.id)
      let unknown = UserID(counter: 2_000_000_000_000, bucket: ada.bucket)
      try expect(try await stores.conversations.relations(of: ada, to: [bob, eve]), is: [:], "strangers")
      let room = try await cast.group()
      let shared = Relation(sharesConversation: true)
      let related = try await stores.conversations.relations(of: ada, to: [bob, eve, unknown])
      try expect(related, is: [bob: shared], "of ada")
      try expect(try await stores.conversations.relations(of: bob, to: [ada]), is: [ada: shared], "of bob")
      _ = try await stores.conversations.change(room.id, .remove, of: cast.bob, by: cast.bob, limit: 9)
      try expect(try await stores.conversations.relations(of: ada, to: [bob]), is: [:], "after he left")
      try expect(try await stores.conversations.relations(of: ada, to: []), is: [:], "nobody")
      let all = [cast.bob, cast.eve]
      let oldest = try await cast.group(with: all)
      for _ in 0..<10 {
        let newer = try await cast.group(with: all)
        _ = try await stores.conversations.delete(newer.id, by: cast.ada)
      }
      try expect(try await stores.conversations.relations(of: bob, to: [eve]), is: [eve: shared], "the oldest is left")
      _ = try await stores.conversations.delete(oldest.id, by: cast.ada)
      try expect(try await stores.conversations.relations(of: bob, to: [ada, eve]), is: [:], "of what is deleted")
    },
    ContractCase("everybody is listed page by page with an empty prefix") { stores in
      let cast = try await Cast.gather(in: stores)
      let key = Username.key(of: cast.ada.username)
      let page = try await stores.users.search(prefix: "", after: String(key.dropLast()), limit: 100)
      try expect(page.contains { $0.id == cast.ada.id }, "ada is among those after her name's beginning")
      let next = try await stores.users.search(prefix: "", after: key, limit: 100)
      try expect(!next.contains { $0.id == cast.ada.id }, "and not among those after her name")
    },
    ContractCase("the lobby is there, anyone enters it as a plain member, and its log begins like any other's") {
      stores in
      let cast = try await Cast.gather(in: stores)
      let lobby = try required(
        try await stores.conversations.conversation(Lobby.id, for: cast.eve.id, members: 1), "the lobby")
      try expect(lobby.kind, is: .public, "its kind")
      try expect(lobby.title, is: Lobby.title, "its title")
      try expect(lobby.members.map(\.role).filter { $0 == .owner }.count <= 1, "at most one owner")
      let (member, made) = try await stores.conversations.change(
        Lobby.id, .put(nil), of: cast.eve, by: cast.eve, limit: 100_000)
      try expect(member?.role, is: .member, "her role")
      try expect(made?.count, is: 2, "member.joined and conversation.joined")
      let found = try await stores.conversations.members(
        of: Lobby.id, after: UserID(rawValue: cast.eve.id.rawValue - 1), limit: 1)
      try expect(found.map(\.user), is: [cast.eve.id], "she is found as a member")
      let first = try required(try await stores.log.entries(of: Lobby.id, after: 0, limit: 1).first, "its first entry")
      guard case .conversationCreated(let created) = first.event else { throw ContractBroken("\(first.event)") }
      try expect(created.members, is: [host], "its first member")
      try expect(created.createdAt, is: first.createdAt, "its time")
      try expect(first.author, is: Lobby.host, "its author")
      try await refused(.forbidden(.roleTooLow), "renaming it") { () throws(ChatError) in
        try await stores.conversations.update(Lobby.id, title: "Mine", picture: nil, by: cast.eve)
      }
    },
  ]

  private static let host = Member(user: Lobby.host.id, username: Lobby.host.username, role: .owner)

  private static func open(_ user: User, in stores: StoresUnderTest) async throws(ChatError) -> SessionID {
    try await stores.sessions.open(user: user.id, device: nil, nonce: nonce, most: 100).id
  }
}
