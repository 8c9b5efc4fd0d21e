import ChatCore

extension AdapterContract {
  static let cleanups: [ContractCase] = [
    ContractCase("who has gone leaves a group, and was he the only owner, the admin who came first owns it") { stores in
      let cast = try await Cast.gather(in: stores)
      let (zoe, max) = (try await cast.extra("zoe"), try await cast.extra("max"))
      let room = try await cast.group()
      for user in [cast.eve, zoe, max] { try await put(user, as: nil, by: cast.ada, in: room.id, stores) }
      for user in [max, zoe] { try await put(user, as: .admin, by: cast.ada, in: room.id, stores) }
      try await end(cast.ada, stores)
      let made = try await stores.cleanups.leave(room.id, user: cast.ada)
      let owner = Member(user: zoe.id, username: zoe.username, role: .owner)
      try expect(made.map(\.event), is: [.memberChanged(owner), .memberLeft(author(cast.ada))], "what is told")
      try expect(made.map(\.author.id), is: [cast.ada.id, cast.ada.id], "by whom")
      let log = try await stores.log.entries(of: room.id, after: 6, limit: 9)
      try expect(log, is: made, "in the log")
      let found = try required(
        try await stores.conversations.conversation(room.id, for: zoe.id, members: 9), "the room")
      try expect(found.memberCount, is: 4, "how many are left")
      try expect(found.members.map(\.user), is: [cast.bob, cast.eve, zoe, max].map(\.id).sorted(), "who is left")
      try expect(try await stores.cleanups.leave(room.id, user: cast.ada), is: [], "once more")
      try await end(zoe, stores)
      let next = try await stores.cleanups.leave(room.id, user: zoe)
      let second = Member(user: max.id, username: max.username, role: .owner)
      try expect(next.first?.event, is: .memberChanged(second), "the other admin")
    },
    ContractCase("without admins the member who has been in for longest owns it, and who came back counts anew") {
      stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group(with: [cast.bob, cast.eve])
      for user in [cast.bob, cast.eve].sorted(by: { $0.id < $1.id }).prefix(1) {
        _ = try await stores.conversations.change(room.id, .remove, of: user, by: user, limit: 9)
        try await put(user, as: nil, by: cast.ada, in: room.id, stores)
      }
      let first = cast.bob.id < cast.eve.id ? cast.eve : cast.bob
      try await end(cast.ada, stores)
      let made = try await stores.cleanups.leave(room.id, user: cast.ada)
      let owner = Member(user: first.id, username: first.username, role: .owner)
      try expect(made.first?.event, is: .memberChanged(owner), "who owns it")
    },
    ContractCase("who has ended too is passed over, unless all have") { stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group(with: [cast.bob, cast.eve])
      try await put(cast.bob, as: .admin, by: cast.ada, in: room.id, stores)
      for user in [cast.ada, cast.bob] { try await end(user, stores) }
      let made = try await stores.cleanups.leave(room.id, user: cast.ada)
      let owner = Member(user: cast.eve.id, username: cast.eve.username, role: .owner)
      try expect(made.first?.event, is: .memberChanged(owner), "who owns it")
      try await end(cast.eve, stores)
      let last = try await stores.cleanups.leave(room.id, user: cast.eve)
      let bob = Member(user: cast.bob.id, username: cast.bob.username, role: .owner)
      try expect(last.map(\.event), is: [.memberChanged(bob), .memberLeft(author(cast.eve))], "what is told")
    },
    ContractCase("where there is another owner, or nobody else, nobody succeeds; what is deleted is left too") {
      stores in
      let cast = try await Cast.gather(in: stores)
      let (shared, alone, deleted) = (try await cast.group(), try await cast.square(), try await cast.group())
      _ = try await stores.conversations.change(shared.id, .share, of: cast.bob, by: cast.ada, limit: 9)
      _ = try await stores.conversations.delete(deleted.id, by: cast.ada)
      try await end(cast.ada, stores)
      for id in [shared.id, alone.id] {
        let made = try await stores.cleanups.leave(id, user: cast.ada)
        try expect(made.map(\.event), is: [.memberLeft(author(cast.ada))], "what is told")
      }
      let square = try required(
        try await stores.conversations.conversation(alone.id, for: cast.eve.id, members: 9), "the square")
      try expect(square.memberCount, is: 0, "members")
      let (member, _) = try await stores.conversations.change(
        alone.id, .put(nil), of: cast.eve, by: cast.eve, limit: 9)
      try expect(member?.role, is: .owner, "who joins what is empty")
      try await end(cast.bob, stores)
      try expect(try await stores.cleanups.leave(deleted.id, user: cast.bob), is: [], "what is deleted")
      let left = try await stores.cleanups.conversationsListed(of: cast.bob.id, after: nil, limit: 9)
      try expect(left, is: [shared.id], "his list")
    },
    ContractCase("a direct conversation stays the other's, and off the list of who has gone") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct().id
      try await end(cast.ada, stores)
      let listed = try await stores.cleanups.conversationsListed(of: cast.ada.id, after: nil, limit: 9)
      try expect(listed, is: [direct], "his list")
      try expect(try await stores.cleanups.leave(direct, user: cast.ada), is: [], "what is told")
      try expect(
        try await stores.cleanups.conversationsListed(of: cast.ada.id, after: nil, limit: 9), is: [], "his list then")
      let found = try await stores.conversations.conversations(of: cast.bob.id, after: nil, limit: 9, members: 9)
      try expect(found.map(\.id), is: [direct], "the other's list")
      try expect(found.first?.members.map(\.username).contains(cast.ada.username), is: true, "the name")
      try await cast.say("are you there?", by: cast.bob, in: direct)
    },
    ContractCase("who has gone is added to nothing, were he looked up before") { stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group(with: [])
      _ = try await stores.contacts.change(.add(mutual: true), by: cast.eve, to: cast.bob, limit: 9)
      try await end(cast.bob, stores)
      try await refused(.notFound(.user), "a member") { () throws(ChatError) in
        try await stores.conversations.change(room.id, .put(nil), of: cast.bob, by: cast.ada, limit: 9)
      }
      try await refused(.notFound(.user), "a new group") { () throws(ChatError) in
        try await stores.conversations.create(.group, title: "x", owner: cast.ada, members: [cast.bob])
      }
      try await refused(.notFound(.user), "a direct conversation") { () throws(ChatError) in
        try await stores.conversations.openDirect(cast.ada, cast.bob)
      }
      for (caller, other) in [(cast.ada, cast.bob), (cast.bob, cast.ada)] {
        try await refused(.notFound(.user), "a contact") { () throws(ChatError) in
          try await stores.contacts.change(.request, by: caller, to: other, limit: 9)
        }
      }
      try await refused(.conflict(.fileQuota), "a file") { () throws(ChatError) in
        try await stores.files.reserve(
          NewFile(owner: cast.bob.id, name: "a", type: .text, size: 1), quota: FileUsage(bytes: 9, files: 9))
      }
      let ended = try await stores.contacts.change(.remove(mutual: true), by: cast.bob, to: cast.eve, limit: 9)
      try expect(ended.contact.state, is: nil, "but contacts end")
      try expect(try await stores.cleanups.endedAccount(cast.bob.id)?.username, is: cast.bob.username, "his name")
      try expect(try await stores.cleanups.endedAccount(cast.ada.id), is: nil, "of who is there")
    },
    ContractCase("a note is had by one at a time, and is there until nothing is left") { stores in
      let cast = try await Cast.gather(in: stores)
      let (ada, bob) = (cast.ada.id, cast.bob.id)
      _ = try await cast.direct()
      _ = try await stores.contacts.change(.add(mutual: false), by: cast.ada, to: cast.bob, limit: 9)
      _ = try await stores.users.update(ada, ProfileChange(avatarURL: .some("/ada.png")))
      try expect(try await stores.cleanups.takeCleanup(of: ada, idleFor: 0), is: nil, "of who is there")
      try await end(cast.ada, stores)
      try expect(try await stores.cleanups.takeCleanup(of: ada, idleFor: 60_000), is: nil, "a moment later")
      let gone = try required(try await stores.cleanups.takeCleanup(of: ada, idleFor: 0), "at once")
      try expect([gone.username, gone.avatarURL], is: [cast.ada.username, "/ada.png"], "as he was")
      try expect(gone.ownConversation, is: cast.ada.ownConversation, "his own conversation")
      let idle = try await stores.cleanups.idleCleanups(for: 0, limit: 100)
      try expect(idle.contains(ada) || idle.count == 100, "she is found")
      try expect(!idle.contains(bob), "who is there is not")
      let later = try await stores.cleanups.idleCleanups(for: 3_600_000, limit: 100)
      try expect(!later.contains(ada), "who is looked after is not")
      try expect(try await stores.cleanups.finishCleanup(of: ada), is: false, "while she is on a list")
      for id in try await stores.cleanups.conversationsListed(of: ada, after: nil, limit: 9) {
        _ = try await stores.cleanups.leave(id, user: gone)
      }
      try expect(try await stores.cleanups.finishCleanup(of: ada), is: false, "while she has contacts")
      try expect(try await stores.cleanups.dropRows(of: ada, limit: 9), is: true, "rows were there")
      try expect(try await stores.cleanups.dropRows(of: ada, limit: 9), is: false, "none are left")
      try expect(try await stores.cleanups.finishCleanup(of: ada), is: true, "done")
      try expect(try await stores.cleanups.takeCleanup(of: ada, idleFor: 0), is: nil, "no note")
      try expect(try await stores.cleanups.finishCleanup(of: ada), is: true, "again")
    },
    ContractCase("files that were sent nowhere and have no public name are retired, those yet to come too") {
      stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group().id
      let quota = FileUsage(bytes: 1_000, files: 100)
      let (sent, kept) = (try await stores.keep("1", of: cast.ada), try await stores.keep("2", of: cast.ada))
      let coming = try await stores.files.reserve(
        NewFile(owner: cast.ada.id, name: "a", type: .text, size: 1), quota: quota)
      let named = try await stores.files.reserve(
        NewFile(owner: cast.ada.id, name: "a", type: .text, size: 1, secret: "0123456789abcdef"), quota: quota)
      _ = try await stores.files.complete(named.id)
      let others = try await stores.keep("3", of: cast.bob)
      _ = try await stores.files.link([sent.id], of: cast.ada.id, to: room, most: 9)
      var last: FileID?
      var looks = 0
      repeat {
        last = try await stores.files.retireUnshared(of: cast.ada.id, and: nil, after: last, limit: 3)
        looks += 1
      } while last != nil
      try expect(looks, is: 2, "pages of three")
      for file in [sent, named, others] { try expect(try await stores.files.file(file.id), is: file, "what stays") }
      try expect(try await stores.files.file(kept.id), is: nil, "what goes")
      try expect(try await stores.files.complete(coming.id), is: false, "what comes too late")
      let left = try await stores.files.leftovers(of: cast.ada.id, olderThan: 3_600_000, after: nil, limit: 9)
      try expect(left, is: [kept.id, coming.id].sorted(), "to be dropped")
      let second = try await stores.files.leftovers(of: cast.ada.id, olderThan: 3_600_000, after: left[0], limit: 9)
      try expect(second, is: [left[1]], "after the first")
    },
    ContractCase("a picture is retired too, unless it was sent somewhere or is another's") { stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group().id
      func picture(of user: User) async throws -> File {
        let new = NewFile(owner: user.id, name: "a.png", type: .png, size: 1, secret: "0123456789abcdef")
        let file = try await stores.files.reserve(new, quota: FileUsage(bytes: 1_000, files: 100))
        _ = try await stores.files.complete(file.id)
        return file
      }
      let (lone, named) = (try await picture(of: cast.ada), try await picture(of: cast.ada))
      let (sent, others) = (try await picture(of: cast.bob), try await picture(of: cast.bob))
      _ = try await stores.files.link([sent.id], of: cast.bob.id, to: room, most: 9)
      for (user, picture) in [(cast.ada, lone), (cast.bob, sent), (cast.eve, others)] {
        _ = try await stores.files.retireUnshared(of: user.id, and: picture.id, after: nil, limit: 9)
      }
      try expect(try await stores.files.file(lone.id), is: nil, "what goes")
      for file in [named, sent, others] { try expect(try await stores.files.file(file.id), is: file, "what stays") }
    },
  ]

  private static func author(_ user: User) -> Author { Author(id: user.id, username: user.username) }

  private static func end(_ user: User, _ stores: StoresUnderTest) async throws {
    try expect(try await stores.users.delete(user.id), is: true, "the account ends")
  }

  private static func put(
    _ user: User, as role: Role?, by caller: User, in room: ConversationID, _ stores: StoresUnderTest
  ) async throws {
    _ = try await stores.conversations.change(room, .put(role), of: user, by: caller, limit: 99)
  }
}
