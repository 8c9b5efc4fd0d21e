import ChatCore

extension AdapterContract {
  static let contacts: [ContractCase] = [
    ContractCase("a request is seen by both, accepted by the other, and told in both logs") { stores in
      let cast = try await Cast.gather(in: stores)
      let (contact, made) = try await cast.contact(.request, cast.ada, cast.bob)
      try expect(contact.state, is: .requested, "Ada's view")
      try expect(made.map(\.conversation), is: [cast.ada.ownConversation, cast.bob.ownConversation], "who is told")
      try expect(try await cast.states(of: cast.bob), is: [cast.ada.id: .requesting], "Bob's list")
      let again = try await cast.contact(.request, cast.ada, cast.bob)
      try expect(again.made, is: [], "asking twice")
      let accepted = try await cast.contact(.accept, cast.bob, cast.ada)
      try expect(accepted.contact.state, is: .accepted, "Bob's view")
      try expect(accepted.contact.since, is: contact.since, "since when")
      try expect(try await cast.states(of: cast.ada), is: [cast.bob.id: .accepted], "Ada's list")
      let friends = try await stores.contacts.accepted(cast.ada.id, among: [cast.bob.id, cast.eve.id])
      try expect(friends, is: [cast.bob.id], "Ada's friends")
      let told = try await stores.log.entries(of: cast.ada.ownConversation, after: 1, limit: 9)
      let views = told.compactMap { if case .contactChanged(let contact) = $0.event { contact.state } else { nil } }
      try expect(views, is: [.requested, .accepted], "Ada's log")
      try expect(told.map(\.author.id), is: [cast.ada.id, cast.bob.id], "by whom")
    },
    ContractCase("crossing requests are accepted at once, even when they are made at once") { stores in
      let cast = try await Cast.gather(in: stores)
      let outcomes = try await atOnce(2) { number in
        let (one, other) = number == 0 ? (cast.ada, cast.bob) : (cast.bob, cast.ada)
        return try await cast.contact(.request, one, other)
      }
      for outcome in outcomes { _ = try outcome.get() }
      try expect(try await cast.states(of: cast.ada), is: [cast.bob.id: .accepted], "Ada's list")
      try expect(try await cast.states(of: cast.bob), is: [cast.ada.id: .accepted], "Bob's list")
    },
    ContractCase("removing ends it for both, and lists end where they are asked to") { stores in
      let cast = try await Cast.gather(in: stores)
      for other in [cast.bob, cast.eve] { _ = try await cast.contact(.request, cast.ada, other) }
      let sorted = [cast.bob.id, cast.eve.id].sorted()
      let all = Set(ContactState.allCases)
      let first = try await stores.contacts.contacts(of: cast.ada.id, in: all, after: nil, limit: 1)
      let rest = try await stores.contacts.contacts(of: cast.ada.id, in: all, after: sorted[0], limit: 9)
      try expect((first + rest).map(\.user), is: sorted, "the pages")
      let accepted = try await stores.contacts.contacts(of: cast.ada.id, in: [.accepted], after: nil, limit: 9)
      try expect(accepted, is: [], "those of another state")
      _ = try await cast.contact(.remove(mutual: false), cast.ada, cast.bob)
      try expect(try await cast.states(of: cast.ada), is: [cast.eve.id: .requested], "Ada's list")
      try expect(try await cast.states(of: cast.bob), is: [:], "Bob's list")
      try await refused(.notFound(.contact), "once more") { () throws(ChatError) in
        try await cast.contact(.remove(mutual: false), cast.ada, cast.bob)
      }
    },
    ContractCase("a full list takes nobody, and still blocks") { stores in
      let cast = try await Cast.gather(in: stores)
      _ = try await cast.contact(.request, cast.ada, cast.bob, limit: 1)
      try await refused(.conflict(.contactsFull), "her own list") { () throws(ChatError) in
        try await cast.contact(.request, cast.ada, cast.eve, limit: 1)
      }
      try await refused(.conflict(.contactsFull), "another's list") { () throws(ChatError) in
        try await cast.contact(.request, cast.eve, cast.bob, limit: 1)
      }
      let met = try await cast.contact(.meet, cast.ada, cast.eve, limit: 1)
      try expect(met.made, is: [], "meeting does nothing")
      _ = try await cast.contact(.block(.blocked), cast.ada, cast.eve, limit: 1)
      let fay = try await cast.extra("fay")
      try await refused(.conflict(.contactsFull), "blocks end too") { () throws(ChatError) in
        try await cast.contact(.block(.blocked), cast.ada, fay, limit: 1)
      }
    },
    ContractCase("a block refuses both at once, is told to the blocker alone, and is lifted") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct().id
      let group = try await cast.group().id
      let first = try await cast.say("before", by: cast.bob, in: direct, clientMessageID: "b")
      let (contact, made) = try await cast.contact(.block(.blocked), cast.ada, cast.bob)
      try expect(contact.isBlocked, is: true, "Ada's view")
      let bob = Author(id: cast.bob.id, username: cast.bob.username)
      try expect(made.map(\.event), is: [.blockChanged(bob, isBlocked: true)], "what is told")
      try expect(made.map(\.conversation), is: [cast.ada.ownConversation], "to whom")
      for user in [cast.bob, cast.ada] {
        try await refused(.forbidden(.blocked), "\(user.username) writes") { () throws(ChatError) in
          try await cast.say("x", by: user, in: direct)
        }
      }
      let again = try await cast.say("before", by: cast.bob, in: direct, clientMessageID: "b")
      try expect(again.message, is: first.message, "a repeated send has its first answer")
      try expect(try await cast.say("here", by: cast.bob, in: group).message.seq, is: 2, "the common group goes on")
      try await refused(.forbidden(.blocked), "asking") { () throws(ChatError) in
        try await cast.contact(.request, cast.bob, cast.ada)
      }
      let blocks = try await stores.contacts.blocks(of: cast.ada.id, after: nil, limit: 9)
      try expect(blocks.map(\.user), is: [cast.bob.id], "Ada's blocks")
      try expect(try await stores.contacts.blocks(of: cast.bob.id, after: nil, limit: 9), is: [], "Bob's blocks")
      let both = [cast.ada.id, cast.bob.id, cast.eve.id]
      try expect(try await stores.contacts.estranged(cast.bob.id, among: both), is: [cast.ada.id], "Bob's silence")
      try expect(try await stores.contacts.estranged(cast.ada.id, among: both), is: [cast.bob.id], "Ada's silence")
      try expect(try await stores.contacts.accepted(cast.ada.id, among: both), is: [], "no friends of Ada's")
      _ = try await cast.contact(.unblock, cast.ada, cast.bob)
      try expect(try await cast.say("after", by: cast.bob, in: direct).message.seq, is: 3, "after that")
      try expect(try await stores.contacts.estranged(cast.ada.id, among: both), is: [], "nobody is silent")
    },
    ContractCase("who is blocked edits nothing and reacts to nothing, but may take back what he said") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct().id
      let his = try await cast.say("his", by: cast.bob, in: direct).message.id
      let hers = try await cast.say("hers", by: cast.ada, in: direct).message.id
      func change(_ id: EntryID, _ change: MessageChange, _ user: User) async throws(ChatError) -> ChangedMessage {
        try await stores.messages.change(id, change, by: user.id)
      }
      _ = try await change(hers, .react(emoji: "👍", kindsMax: 9), cast.bob)
      _ = try await cast.contact(.block(.blocked), cast.ada, cast.bob)
      for (id, user) in [(his, cast.bob), (hers, cast.ada)] {
        try await refused(.forbidden(.blocked), "\(user.username) edits") { () throws(ChatError) in
          try await change(id, .edit(text: "read this", versions: nil), user)
        }
        try await refused(.forbidden(.blocked), "\(user.username) reacts") { () throws(ChatError) in
          try await change(id, .react(emoji: "👎", kindsMax: 9), user)
        }
      }
      let standing = try await stores.messages.standing(of: cast.bob.id, in: direct)
      try expect(standing?.pair?.isEstranged, is: true, "how he stands")
      try expect(try await change(hers, .unreact(emoji: "👍"), cast.bob).made?.count, is: 1, "taking a reaction back")
      try expect(try await change(his, .delete, cast.bob).made?.count, is: 1, "taking a message back")
      _ = try await cast.contact(.unblock, cast.ada, cast.bob)
      try expect(
        try await stores.messages.standing(of: cast.ada.id, in: direct)?.pair?.isEstranged, is: false, "afterwards")
      try expect(
        try await change(hers, .edit(text: "ours", versions: nil), cast.ada).message.text, is: "ours", "an edit")
    },
    ContractCase("who is blocked opens no conversation with the blocker and adds him to none") { stores in
      let cast = try await Cast.gather(in: stores)
      _ = try await cast.contact(.block(.blocked), cast.ada, cast.eve)
      for (one, other) in [(cast.eve, cast.ada), (cast.ada, cast.eve)] {
        try await refused(.forbidden(.blocked), "\(one.username) opens") { () throws(ChatError) in
          try await stores.conversations.openDirect(one, other)
        }
      }
      try await refused(.forbidden(.blocked), "making a group with her") { () throws(ChatError) in
        try await stores.conversations.create(.group, title: "Trap", owner: cast.eve, members: [cast.bob, cast.ada])
      }
      let own = try await stores.conversations.create(.group, title: "Hers", owner: cast.eve, members: [cast.bob])
      try await refused(.forbidden(.blocked), "adding her later") { () throws(ChatError) in
        try await stores.conversations.change(
          own.conversation.id, .put(nil), of: cast.ada, by: cast.eve, limit: 9)
      }
      _ = try await cast.contact(.unblock, cast.ada, cast.eve)
      _ = try await stores.conversations.openDirect(cast.eve, cast.ada)
    },
    ContractCase("last words are one message, also of several at once, and the blocked one is told") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct().id
      _ = try await cast.contact(.add(mutual: true), cast.ada, cast.bob)
      let (contact, made) = try await cast.contact(.block(.grace), cast.ada, cast.bob)
      try expect(contact.label, is: .blocked, "Ada's word")
      let told = made.filter { $0.conversation == cast.bob.ownConversation }.map(\.event)
      guard case .contactChanged(let view) = told.first, told.count == 1 else {
        throw ContractBroken("Bob was told \(told)")
      }
      try expect(view.label, is: .lastWords, "Bob's word")
      let outcomes = try await atOnce(6) { number in try await cast.say("\(number)", by: cast.bob, in: direct) }
      let said = outcomes.compactMap { try? $0.get() }
      try expect(said.map(\.wereLastWords), is: [true], "what passed")
      try expect(errors(outcomes), is: [.forbidden(.blocked)], "what the others heard")
      _ = try await cast.contact(.block(.lastWords), cast.ada, cast.bob)
      try await refused(.forbidden(.blocked), "blocking again leaves no words") { () throws(ChatError) in
        try await cast.say("more", by: cast.bob, in: direct)
      }
      try expect(try await stores.log.heads(of: [direct]), is: [direct: 2], "one was stored")
    },
    ContractCase("a timeout refuses one side until its moment") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct().id
      let (contact, _) = try await cast.contact(.timeOut(60_000), cast.ada, cast.bob)
      let until = try required(contact.timeoutUntil, "its end")
      try await refused(.timedOut(until: until), "Bob writes") { () throws(ChatError) in
        try await cast.say("x", by: cast.bob, in: direct)
      }
      try expect(try await cast.say("I may", by: cast.ada, in: direct).message.seq, is: 2, "Ada writes")
      _ = try await cast.contact(.timeOut(-1), cast.ada, cast.bob)
      try expect(try await cast.say("me too", by: cast.bob, in: direct).message.seq, is: 3, "Bob writes afterwards")
    },
    ContractCase("a first message says that they are strangers, until they have met") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct().id
      let first = try await cast.say("hello", by: cast.ada, in: direct)
      try expect(first.stranger, is: cast.bob.id, "the stranger")
      try expect(try await cast.say("yes?", by: cast.bob, in: direct).stranger, is: cast.ada.id, "and the other way")
      let (contact, made) = try await cast.contact(.meet, cast.ada, cast.bob)
      try expect(contact.state, is: .new, "a new contact")
      try expect(contact.label, is: .new, "and its word")
      try expect(made.count, is: 2, "both are told")
      try expect(try await cast.states(of: cast.bob), is: [cast.ada.id: .new], "Bob's list")
      try expect(try await cast.say("again", by: cast.ada, in: direct).stranger, is: nil, "no strangers any more")
      try expect(try await cast.contact(.meet, cast.bob, cast.ada).made, is: [], "meeting twice")
      let group = try await cast.group().id
      try expect(try await cast.say("x", by: cast.ada, in: group).stranger, is: nil, "a group has none")
    },
    ContractCase("a streak begins when both have written, and grows no more that day") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct().id
      _ = try await cast.contact(.request, cast.ada, cast.bob)
      for _ in 0..<2 { try await cast.say("x", by: cast.ada, in: direct) }
      let (none, ada) = (try await cast.streak(), try await stores.contacts.pair(cast.ada.id, cast.bob.id))
      try expect(none, is: nil, "one alone makes none")
      try expect(ada[cast.ada.id].lastSent != nil && ada[cast.bob.id].lastSent == nil, "who has written")
      for user in [cast.bob, cast.ada, cast.bob] { try await cast.say("x", by: user, in: direct) }
      let streak = try await cast.streak()
      // Midnight may pass in between.
      try expect(streak == 1 || streak == 2, "the streak is \(streak.map(String.init) ?? "none")")
      try expect(try await cast.states(of: cast.bob), is: [cast.ada.id: .requesting], "the rest stays as it was")
    },
    ContractCase("names near a misspelling are found on both sides of it") { stores in
      let cast = try await Cast.gather(in: stores)
      let key = Username.key(of: cast.bob.username)
      let found = try await stores.users.near(keys: [key, key + "x"], each: 3)
      try expect(found.contains(cast.bob), "from it on, and below")
      let below = try await stores.users.near(keys: [key + "x"], each: 1)
      try expect(below.contains(cast.bob), "the next one below")
      try expect(below.count <= 2, "no more than asked")
      try expect(try await stores.users.near(keys: [], each: 3), is: [], "of nothing")
    },
  ]
}

extension Cast {
  @discardableResult
  fileprivate func contact(
    _ change: ContactChange, _ one: User, _ other: User, limit: Int = 100
  ) async throws(ChatError) -> (contact: Contact, made: Made) {
    try await stores.contacts.change(change, by: one, to: other, limit: limit)
  }

  fileprivate func states(of user: User) async throws(ChatError) -> [UserID: ContactState] {
    let found = try await stores.contacts.contacts(
      of: user.id, in: Set(ContactState.allCases), after: nil, limit: 99)
    return Dictionary(found.compactMap { contact in contact.state.map { (contact.user, $0) } }) { first, _ in first }
  }

  /// Ada's with Bob.
  fileprivate func streak() async throws(ChatError) -> Int64? {
    try await stores.contacts.contacts(
      of: ada.id, in: Set(ContactState.allCases), after: nil, limit: 9
    ).first?.streak
  }
}
