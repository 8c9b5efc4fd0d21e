import ChatCore

extension AdapterContract {
  static let reactions: [ContractCase] = [
    ContractCase("a reaction is put on and taken off once, and counted beside the message") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let said = try await cast.say("hi", by: cast.bob, in: group.id).message
      var made: [Entry] = []
      func change(_ change: MessageChange, _ user: User, makes events: Int, _ rule: String) async throws {
        let changed = try await stores.messages.change(said.id, change, by: user.id)
        try expect(changed.made?.count ?? 0, is: events, rule)
        made += changed.made ?? []
      }
      try await change(.unreact(emoji: "👍"), cast.ada, makes: 0, "taking off what is not there")
      try await change(.react(emoji: "👍", kindsMax: 9), cast.ada, makes: 1, "putting on")
      try await change(.react(emoji: "👍", kindsMax: 9), cast.ada, makes: 0, "putting on again")
      try await change(.react(emoji: "👍", kindsMax: 9), cast.bob, makes: 1, "another's")
      try await change(.react(emoji: "❤️", kindsMax: 9), cast.ada, makes: 1, "another")
      try await change(.react(emoji: "❤", kindsMax: 9), cast.ada, makes: 1, "the same without its selector")
      try await change(.unreact(emoji: "👍"), cast.ada, makes: 1, "taking off")
      try await change(.unreact(emoji: "👍"), cast.ada, makes: 0, "taking off again")
      let id = said.id
      try expect(
        made.map(\.event),
        is: [
          .reactionAdded(message: id, messageSeq: 2, emoji: "👍", count: 1),
          .reactionAdded(message: id, messageSeq: 2, emoji: "👍", count: 2),
          .reactionAdded(message: id, messageSeq: 2, emoji: "❤️", count: 1),
          .reactionAdded(message: id, messageSeq: 2, emoji: "❤", count: 1),
          .reactionRemoved(message: id, messageSeq: 2, emoji: "👍", count: 1),
        ], "the events")
      let log = try await stores.log.entries(of: group.id, after: 2, limit: 9)
      try expect(log, is: made, "the log")
      let now = try required(await stores.messages.message(id, for: cast.bob.id), "the message")
      let counts = [("👍", 1), ("❤️", 1), ("❤", 1)].map { ReactionCount(emoji: $0.0, count: $0.1) }
      try expect(now.reactions, is: counts, "the counts")
      try expect(now.version, is: 7, "its state")
      try expect([now.text, now.previousText ?? "-"], is: ["hi", "-"], "its text")
      try expect(try await stores.log.messages(of: group.id, page: .latest, limit: 9), is: [now], "the history")
    },
    ContractCase("one kind of reaction too many is refused, and makes room again when it is taken off") { stores in
      let cast = try await Cast.gather(in: stores)
      let said = try await cast.say("hi", by: cast.bob, in: try await cast.group().id).message.id
      func react(_ emoji: String, _ user: User) async throws(ChatError) -> ChangedMessage {
        try await stores.messages.change(said, .react(emoji: emoji, kindsMax: 2), by: user.id)
      }
      _ = try await react("👍", cast.ada)
      _ = try await react("👎", cast.ada)
      try await refused(.conflict(.tooManyReactions), "a third kind") { () throws(ChatError) in
        try await react("🎉", cast.bob)
      }
      try expect(try await react("👎", cast.bob).message.reactions.map(\.count), is: [1, 2], "one of those there")
      _ = try await stores.messages.change(said, .unreact(emoji: "👍"), by: cast.ada.id)
      try expect(try await react("🎉", cast.bob).message.reactions.map(\.emoji), is: ["👎", "🎉"], "afterwards")
    },
    ContractCase("changes at once get places of their own, and every reaction counts") { stores in
      let cast = try await Cast.gather(in: stores)
      var people: [User] = []
      for number in 0..<8 { people.append(try await cast.extra("fan\(number)")) }
      let group = try await cast.group(with: people)
      let said = try await cast.say("hi", by: cast.ada, in: group.id).message.id
      let outcomes = try await atOnce(people.count * 2) { [people] number in
        let user = people[number / 2]
        if number.isMultiple(of: 2) { return try await cast.say("\(number)", by: user, in: group.id).message.seq }
        let changed = try await stores.messages.change(said, .react(emoji: "👍", kindsMax: 9), by: user.id)
        return changed.made?.first?.seq ?? 0
      }
      let places = try outcomes.map { try $0.get() }.sorted()
      try expect(places, is: Array(3...18), "the places")
      let log = try await stores.log.entries(of: group.id, after: 0, limit: 99)
      try expect(log.map(\.seq), is: Array(1...18), "the log's places")
      try expect(zip(log, log.dropFirst()).allSatisfy { $0.id < $1.id }, "ids rise with the places")
      let now = try await stores.messages.message(said, for: cast.ada.id)
      try expect(now?.reactions, is: [ReactionCount(emoji: "👍", count: 8)], "the count")
    },
  ]

  static let readMarkers: [ContractCase] = [
    ContractCase("a read marker moves forward only, and stands with the member and his conversation") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      for number in 2...4 { try await cast.say("\(number)", by: cast.ada, in: group.id) }
      for (seq, moves) in [(Int64(3), true), (3, false), (2, false), (4, true)] {
        try expect(try await stores.messages.markRead(group.id, cast.bob.id, upTo: seq), is: moves, "to \(seq)")
      }
      try expect(try await stores.messages.markRead(group.id, cast.eve.id, upTo: 3), is: false, "no member")
      let members = try await stores.conversations.members(of: group.id, after: nil, limit: 9)
      try expect(members.map(\.readSeq), is: members.map { $0.user == cast.bob.id ? 4 : 0 }, "the members")
      for (user, seq) in [(cast.bob, Int64(4)), (cast.ada, 0)] {
        let shown = try await stores.conversations.conversation(group.id, for: user.id, members: 9)
        try expect(shown?.readSeq, is: seq, "the conversation as shown to \(user.username)")
        try expect(shown?.members, is: members, "its members")
        let listed = try await stores.conversations.conversations(of: user.id, after: nil, limit: 9, members: 9)
        try expect(listed.map(\.readSeq), is: [seq], "the list of \(user.username)")
      }
      try expect(try await stores.log.heads(of: [group.id]), is: [group.id: 4], "no entry was made")
    },
    ContractCase("a role keeps the read marker, leaving loses it") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      _ = try await stores.messages.markRead(group.id, cast.bob.id, upTo: 1)
      func put(_ change: MembershipChange) async throws(ChatError) -> Int64? {
        let (member, _) = try await stores.conversations.change(
          group.id, change, of: cast.bob, by: cast.ada, limit: 9)
        return member?.readSeq
      }
      try expect(try await put(.put(nil)), is: 1, "as he is")
      try expect(try await put(.put(.admin)), is: 1, "as an admin")
      try expect(try await put(.remove), is: nil, "removed")
      try expect(try await put(.put(nil)), is: 0, "back again")
      let last = try await stores.log.entries(of: group.id, after: 1, limit: 9).map(\.event)
      let member = Member(user: cast.bob.id, username: cast.bob.username, role: .member)
      try expect(last.last, is: .memberJoined(member), "events tell nothing of it")
    },
    ContractCase("a standing tells role, marker, head and size; nothing of what is not there") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      _ = try await stores.messages.markRead(group.id, cast.bob.id, upTo: 1)
      let member = Member(user: cast.bob.id, username: cast.bob.username, role: .member, readSeq: 1)
      let standing = MemberStanding(kind: .group, head: 1, memberCount: 2, member: member)
      try expect(try await stores.messages.standing(of: cast.bob.id, in: group.id), is: standing, "a member's")
      let stranger = MemberStanding(kind: .group, head: 1, memberCount: 2, member: nil)
      try expect(try await stores.messages.standing(of: cast.eve.id, in: group.id), is: stranger, "a stranger's")
      let unknown = ConversationID(counter: 2_000_000_000_000, bucket: group.id.bucket)
      try expect(try await stores.messages.standing(of: cast.bob.id, in: unknown), is: nil, "of the unknown")
      _ = try await stores.conversations.delete(group.id, by: cast.ada)
      try expect(try await stores.messages.standing(of: cast.bob.id, in: group.id), is: nil, "of the deleted")
    },
  ]
}
