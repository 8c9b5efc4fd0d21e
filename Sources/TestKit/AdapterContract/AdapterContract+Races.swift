import ChatCore

extension AdapterContract {
  static let races: [ContractCase] = [
    ContractCase("of many who register one name at once one gets it") { stores in
      let mark = String(UInt64.random(in: .min ... .max), radix: 36)
      let outcomes = try await atOnce(8) { number in
        let name = Username(stored: number.isMultiple(of: 2) ? "max-\(mark)" : "MAX-\(mark)")
        return try await stores.users.register(
          NewUser(username: name, displayName: "\(number)", email: nil, passwordHash: "x"))
      }
      try expect(outcomes.compactMap { try? $0.get() }.count, is: 1, "who got it")
      try expect(errors(outcomes), is: [.conflict(.usernameTaken)], "what the others heard")
    },
    ContractCase("two who open their direct conversation at once get one") { stores in
      let cast = try await Cast.gather(in: stores)
      let outcomes = try await atOnce(8) { number in
        let (one, other) = number.isMultiple(of: 2) ? (cast.ada, cast.bob) : (cast.bob, cast.ada)
        return try await stores.conversations.openDirect(one, other)
      }
      let opened = try outcomes.map { try $0.get() }
      try expect(Set(opened.map(\.conversation.id)).count, is: 1, "the conversations")
      try expect(opened.compactMap(\.made).count, is: 1, "who made it")
      let own = try await stores.log.entries(of: cast.ada.ownConversation, after: 1, limit: 9)
      try expect(own.count, is: 1, "entries in Ada's own log")
    },
    ContractCase(
      "who reads his heads while he joins finds each joining in the list or after his self conversation's head"
    ) {
      stores in
      let cast = try await Cast.gather(in: stores)
      let bob = cast.bob
      let outcomes = try await atOnce(4) { number -> [[ConversationID: Int64]] in
        var read: [[ConversationID: Int64]] = []
        for round in 0..<60 {
          if number > 0 {
            read.append(try await stores.conversations.heads(of: bob.id).known)
          } else {
            _ = try await stores.conversations.create(.group, title: "\(round)", owner: cast.ada, members: [bob])
          }
        }
        return read
      }
      let own = try await stores.log.entries(of: bob.ownConversation, after: 0, limit: 1_000)
      for heads in try outcomes.flatMap({ try $0.get() }) {
        for case .joined(let id, _) in own.prefix(Int(clamping: heads[bob.ownConversation] ?? 0)).map(\.event) {
          try expect(heads[id] != nil, is: true, "a conversation that he had joined by then is in the list")
        }
      }
    },
    ContractCase("sends at once get the places 2, 3, 4 … once each") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let outcomes = try await atOnce(40) { number in
        try await cast.say("\(number)", by: number.isMultiple(of: 2) ? cast.ada : cast.bob, in: group.id)
      }
      let said = try outcomes.map { try $0.get().message }
      try expect(said.map(\.seq).sorted(), is: Array(2...41), "the places")
      let log = try await stores.log.entries(of: group.id, after: 1, limit: 99)
      try expect(log.map(\.seq), is: Array(2...41), "the log's places")
      try expect(zip(log, log.dropFirst()).allSatisfy { $0.id < $1.id }, "ids rise with the places")
      try expect(Set(log.map(\.id)), is: Set(said.map(\.id)), "the answered ids are the stored ones")
    },
    ContractCase("in a crowd who repeats, is a stranger or answers nothing is told so, and no other") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let first = try await cast.say("first", by: cast.bob, in: group.id, clientMessageID: "first").message
      let unknown = EntryID(counter: 2_000_000_000_000, bucket: group.id.bucket)
      let refusals: [Set<ChatError>] = [[], [.notFound(.conversation)], [.invalid([.unknownReply])]]
      for (round, refused) in refusals.enumerated() {
        let outcomes = try await atOnce(20) { number in
          switch (number == 7, round) {
          case (true, 0): try await cast.say("first", by: cast.bob, in: group.id, clientMessageID: "first")
          case (true, 1): try await cast.say("x", by: cast.eve, in: group.id)
          case (true, _): try await cast.say("x", by: cast.ada, in: group.id, replyTo: unknown)
          case (false, _): try await cast.say("x", by: cast.ada, in: group.id, replyTo: first.id)
          }
        }
        let told = outcomes.compactMap { try? $0.get() }
        try expect(told.count { !$0.repeated }, is: 19, "stored")
        try expect(told.filter(\.repeated).map(\.message), is: round == 0 ? [first] : [], "stored before")
        try expect(errors(outcomes), is: refused, "refused")
      }
      let log = try await stores.log.entries(of: group.id, after: 0, limit: 99)
      try expect(log.map(\.seq), is: Array(1...59), "no holes")
    },
    ContractCase("the same client id at once is stored once and answered alike") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let outcomes = try await atOnce(10) { _ in
        try await cast.say("once", by: cast.bob, in: group.id, clientMessageID: "same")
      }
      let said = try outcomes.map { try $0.get() }
      try expect(Set(said.map(\.message)).count, is: 1, "the answers")
      try expect(said.filter { !$0.repeated }.count, is: 1, "those to be published")
      try expect(try await stores.log.heads(of: [group.id]), is: [group.id: 2], "the head")
    },
    ContractCase("different texts under one client id at once: one is stored, the others are refused") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let outcomes = try await atOnce(6) { number in
        try await cast.say("\(number)", by: cast.bob, in: group.id, clientMessageID: "same")
      }
      try expect(outcomes.compactMap { try? $0.get() }.count, is: 1, "those stored")
      try expect(errors(outcomes), is: [.conflict(.idempotency)], "what the others heard")
    },
    ContractCase("no message of a removed member stands after his leaving") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      _ = try await atOnce(12) { number in
        if number == 6 {
          _ = try await stores.conversations.change(group.id, .remove, of: cast.bob, by: cast.ada, limit: 9)
        } else {
          try await cast.say("\(number)", by: cast.bob, in: group.id)
        }
      }
      let log = try await stores.log.entries(of: group.id, after: 0, limit: 99)
      let left = try required(log.firstIndex { $0.event.name == "member.left" }, "his leaving")
      try expect(log[left...].allSatisfy { $0.author.id == cast.ada.id }, "what comes after his leaving")
      try expect(log.map(\.seq), is: (1...Int64(log.count)).map { $0 }, "no holes")
    },
    ContractCase("members who come at once do not overfill a group") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      var guests: [User] = []
      for number in 1...6 { guests.append(try await cast.extra("guest\(number)")) }
      let outcomes = try await atOnce(guests.count) { [guests] number in
        try await stores.conversations.change(group.id, .put(nil), of: guests[number], by: cast.ada, limit: 5)
      }
      try expect(errors(outcomes), is: [.conflict(.conversationFull)], "what the late ones heard")
      try expect(try await stores.conversations.members(of: group.id, after: nil, limit: 99).count, is: 5, "members")
      try expect(try await stores.log.heads(of: [group.id]), is: [group.id: 4], "the head")
    },
    ContractCase("two groups with the same people made at once both come to be") { stores in
      let cast = try await Cast.gather(in: stores)
      let outcomes = try await atOnce(8) { number in
        let (owner, member) = number.isMultiple(of: 2) ? (cast.ada, cast.bob) : (cast.bob, cast.ada)
        return try await stores.conversations.create(.group, title: "\(number)", owner: owner, members: [member])
      }
      let made = try outcomes.map { try $0.get().conversation.id }
      try expect(Set(made).count, is: 8, "the groups")
      let own = try await stores.log.entries(of: cast.ada.ownConversation, after: 1, limit: 99)
      try expect(own.map(\.seq), is: Array(2...9), "Ada's own log")
    },
    ContractCase("refreshes at once with one token all get the same generation") { stores in
      let ada = try await Cast.gather(in: stores).ada
      let session = try await stores.sessions.open(user: ada.id, device: nil, nonce: [1, 2, 3], most: 9).id
      let outcomes = try await atOnce(6) { _ in try await stores.sessions.rotate(session, from: 1, grace: 60_000) }
      try expect(Set(try outcomes.map { try $0.get() }), is: [.rotated(generation: 2)], "the answers")
    },
  ]

  /// Does it several times at the same moment, in child tasks.
  static func atOnce<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
  ) async throws -> [Result<Value, any Error>] {
    await withTaskGroup(of: Result<Value, any Error>.self) { group in
      for number in 0..<count {
        group.addTask {
          do { return .success(try await body(number)) } catch { return .failure(error) }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  /// The distinct refusals.
  static func errors<Value>(_ outcomes: [Result<Value, any Error>]) -> Set<ChatError> {
    Set(
      outcomes.compactMap { outcome in
        guard case .failure(let error) = outcome else { return nil }
        return error as? ChatError ?? .internalError("\(error)")
      })
  }
}
