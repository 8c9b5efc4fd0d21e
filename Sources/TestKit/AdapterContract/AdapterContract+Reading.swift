import ChatCore

extension AdapterContract {
  static let reading: [ContractCase] = [
    ContractCase("pages of a history are ascending and hold messages only") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      for number in 2...6 { try await cast.say("\(number)", by: cast.ada, in: group.id) }
      _ = try await stores.conversations.update(group.id, title: "Hall", picture: nil, by: cast.ada)
      for number in 8...10 { try await cast.say("\(number)", by: cast.ada, in: group.id) }
      let pages: [(Page, Int, [Int64])] = [
        (.latest, 3, [8, 9, 10]), (.latest, 4, [6, 8, 9, 10]), (.latest, 99, [2, 3, 4, 5, 6, 8, 9, 10]),
        (.before(8), 2, [5, 6]), (.before(7), 2, [5, 6]), (.before(1), 5, []), (.before(3), 5, [2]),
        (.after(5), 2, [6, 8]), (.after(0), 2, [2, 3]), (.after(10), 5, []), (.after(99), 5, []),
        (.around(6), 4, [5, 6, 8, 9]), (.around(6), 3, [5, 6, 8]), (.around(7), 2, [6, 8]), (.around(10), 4, [9, 10]),
        (.around(1), 4, [2, 3]), (.around(99), 2, [10]), (.before(.max), 1, [10]), (.after(.max), 1, []),
      ]
      for (page, limit, wanted) in pages {
        let messages = try await stores.log.messages(of: group.id, page: page, limit: limit)
        try expect(messages.map(\.seq), is: wanted, "\(page), \(limit) at most")
        try expect(messages.map(\.text), is: wanted.map { "\($0)" }, "their texts")
      }
    },
    ContractCase("a history is told with its head to who may see the conversation, and to nobody else") { stores in
      let cast = try await Cast.gather(in: stores)
      let (group, square) = (try await cast.group().id, try await cast.square().id)
      for number in 2...6 { try await cast.say("\(number)", by: cast.ada, in: group) }
      for page in [Page.latest, .before(6), .after(3), .around(4), .before(.max), .after(.max), .around(.max)] {
        let told = try await stores.log.history(of: group, for: cast.bob.id, page: page, limit: 3)
        try expect(told?.head, is: 6, "the head with \(page)")
        let messages = try await stores.log.messages(of: group, page: page, limit: 3)
        try expect(try told?.messages.messages(), is: messages, "the messages of \(page)")
      }
      func head(_ id: ConversationID, _ reader: User) async throws -> Int64? {
        let told = try await stores.log.history(of: id, for: reader.id, page: .latest, limit: 3)
        return told?.head
      }
      try expect(try await head(group, cast.eve), is: nil, "a stranger's")
      try expect(try await head(square, cast.eve), is: 1, "a public one's, to a stranger")
      let unknown = ConversationID(counter: 4_000_000, bucket: group.bucket)
      try expect(try await head(unknown, cast.ada), is: nil, "that of none")
      _ = try await stores.conversations.delete(group, by: cast.ada)
      try expect(try await head(group, cast.bob), is: nil, "that of a deleted one")
    },
    ContractCase("a history lends what its messages say, whatever has come to them") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group().id
      let first = try await cast.say("<plain> \u{2028} \"text\"", by: cast.ada, in: group).message
      let file = try await stores.keep("x", of: cast.bob).attachment
      let others = try await [
        cast.say("", by: cast.bob, in: group, attachments: [file]),
        cast.say("answer", by: cast.bob, in: group, clientMessageID: "mine", replyTo: first.id),
        cast.say("changed", by: cast.ada, in: group), cast.say("gone", by: cast.ada, in: group),
      ].map(\.message.id)
      _ = try await stores.messages.change(first.id, .react(emoji: "👍", kindsMax: 9), by: cast.bob.id)
      _ = try await stores.messages.change(others[2], .edit(text: "better", versions: nil), by: cast.ada.id)
      _ = try await stores.messages.change(others[3], .delete, by: cast.ada.id)
      let told = try await stores.log.history(of: group, for: cast.bob.id, page: .around(first.seq + 1), limit: 8)
      let list = try required(told, "the history").messages
      var lent: [Lent] = []
      try list.read { lent.append(Lent($0, $1, $2, $3)) }
      var wanted: [Lent] = []
      for message in try list.messages() { message.lend { wanted.append(Lent($0, $1, $2, $3)) } }
      try expect(lent.count, is: 5, "how many were lent")
      try expect(lent, is: wanted, "what was lent")
    },
    ContractCase("the newest message of each of many conversations is found") { stores in
      let cast = try await Cast.gather(in: stores)
      let (group, direct, silent) = (try await cast.group().id, try await cast.direct().id, try await cast.square().id)
      try await cast.say("early", by: cast.ada, in: group)
      let last = try await cast.say("late", by: cast.ada, in: group).message
      let only = try await cast.say("only", by: cast.bob, in: direct).message
      _ = try await stores.conversations.update(group, title: "Hall", picture: nil, by: cast.ada)
      let newest = try await stores.log.newest(in: [group, silent, direct])
      try expect(newest, is: [group: last, direct: only], "the newest")
      try expect(try await stores.log.newest(in: []), is: [:], "of none")
    },
    ContractCase("entries are all there, in order and without holes") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      try await cast.say("hi", by: cast.ada, in: group.id)
      _ = try await stores.conversations.update(group.id, title: "Hall", picture: nil, by: cast.ada)
      _ = try await stores.conversations.change(group.id, .put(nil), of: cast.eve, by: cast.ada, limit: 9)
      _ = try await stores.conversations.change(group.id, .put(.admin), of: cast.eve, by: cast.ada, limit: 9)
      _ = try await stores.conversations.change(group.id, .remove, of: cast.eve, by: cast.ada, limit: 9)
      let all = try await stores.log.entries(of: group.id, after: 0, limit: 99)
      try expect(all.map(\.seq), is: [1, 2, 3, 4, 5, 6], "the places")
      let names = [
        "conversation.created", "message.created", "conversation.updated", "member.joined", "member.changed",
        "member.left",
      ]
      try expect(all.map(\.event.name), is: names, "the events")
      try expect(all.allSatisfy { $0.conversation == group.id && $0.author.id == cast.ada.id }, "whose and by whom")
      let first = try await stores.log.entries(of: group.id, after: 0, limit: 4)
      let second = try await stores.log.entries(of: group.id, after: 4, limit: 4)
      try expect(first + second, is: all, "page by page")
      try expect(try await stores.log.entries(of: group.id, after: 6, limit: 4), is: [], "after the head")
      try expect(try await stores.log.entries(of: group.id, after: .max, limit: 4), is: [], "far after the head")
    },
    ContractCase("entry 1 keeps telling how the conversation began") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      _ = try await stores.conversations.update(group.id, title: "Hall", picture: nil, by: cast.ada)
      _ = try await stores.conversations.change(group.id, .remove, of: cast.bob, by: cast.ada, limit: 9)
      let first = try await stores.log.entries(of: group.id, after: 0, limit: 1)
      try expect(first.map(\.event), is: [.conversationCreated(group)], "entry 1")
    },
    ContractCase("counters rise with every entry of the bucket, and unknown buckets say 0 or more") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct()
      let buckets = [direct.id.bucket, cast.ada.id.bucket]
      let before = try await stores.log.counters(of: buckets)
      try expect(Set(before.keys), is: Set(buckets), "each that was asked is answered")
      try await cast.say("hi", by: cast.ada, in: direct.id)
      let after = try await stores.log.counters(of: buckets)
      let (old, new) = (before[direct.id.bucket]?.newest ?? -1, after[direct.id.bucket]?.newest ?? -1)
      try expect(new > old, "the counter rose from \(old) to \(new)")
      let servers = [before, after].map { Set($0.values.map(\.server)) }
      try expect(servers[1].isSubset(of: servers[0]), is: true, "who says so is known by his number")
      let many = (0..<Bucket.count).compactMap { Bucket($0) }
      try expect(try await stores.log.counters(of: many).count, is: many.count, "all buckets at once")
    },
    ContractCase("heads are told of what has come after a counter, or not at all") { stores in
      let cast = try await Cast.gather(in: stores)
      let (direct, group) = (try await cast.direct().id, try await cast.group().id)
      let buckets = [direct.bucket, group.bucket]
      let before = try await stores.log.counters(of: buckets).mapValues(\.newest)
      // A log may refuse this as long as it refuses it always.
      guard let none = try await stores.log.heads(after: before) else { return }
      try expect(none, is: [:], "nothing is new")
      for number in 1...3 { try await cast.say("\(number)", by: cast.ada, in: direct) }
      let of = { (id: ConversationID) in [id.bucket: before[id.bucket] ?? 0] }
      try expect(try await stores.log.heads(after: of(direct))?[direct], is: 4, "the newest of several")
      if direct.bucket != group.bucket {
        try expect(try await stores.log.heads(after: of(group)), is: [:], "nothing of another bucket")
      }
      let all = try await stores.log.heads(after: Dictionary(buckets.map { ($0, 0) }) { first, _ in first })
      try expect(all?[direct], is: 4, "from the beginning")
      try expect(all?[group], is: try await stores.log.heads(of: [group])[group], "of the other too")
      try expect(try await stores.log.heads(after: [:]), is: [:], "of nothing")
    },
    ContractCase("heads are told of what exists") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct()
      let unknown = ConversationID(counter: 2_000_000_000_000, bucket: direct.id.bucket)
      let heads = try await stores.log.heads(of: [direct.id, unknown, cast.ada.ownConversation])
      try expect(heads, is: [direct.id: 1, cast.ada.ownConversation: 2], "the heads")
      try expect(try await stores.log.heads(of: []), is: [:], "of nothing")
      try expect(try await stores.log.entries(of: unknown, after: 0, limit: 9), is: [], "entries of the unknown")
      try expect(try await stores.log.messages(of: unknown, page: .latest, limit: 9), is: [], "its messages")
    },
  ]
}

/// What was lent of a message, kept.
private struct Lent: Equatable {
  let facts: MessageFacts
  let texts: [String?]

  init(_ facts: MessageFacts, _ username: Span<UInt8>, _ text: Span<UInt8>, _ clientMessageID: Span<UInt8>?) {
    func kept(_ text: Span<UInt8>) -> String {
      text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
    self.facts = facts
    var key: String?
    if let clientMessageID { key = kept(clientMessageID) }
    texts = [kept(username), kept(text), key]
  }
}
