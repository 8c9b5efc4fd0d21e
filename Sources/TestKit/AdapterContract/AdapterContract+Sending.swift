import ChatCore

extension AdapterContract {
  static let sending: [ContractCase] = [
    ContractCase("messages get the next seq and a rising id of the conversation's bucket") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let before = try await stores.log.counters(of: [group.id.bucket])[group.id.bucket]?.newest ?? -1
      var said: [Message] = []
      for number in 1...4 {
        let author = number.isMultiple(of: 2) ? cast.bob : cast.ada
        said.append(try await cast.say("\(number)", by: author, in: group.id).message)
      }
      try expect(said.map(\.seq), is: [2, 3, 4, 5], "the places")
      try expect(said.map(\.id.bucket), is: Array(repeating: group.id.bucket, count: 4), "the buckets")
      try expect(zip(said, said.dropFirst()).allSatisfy { $0.id < $1.id }, "the ids rise")
      let after = try await stores.log.counters(of: [group.id.bucket])[group.id.bucket]?.newest ?? -1
      try expect(said.allSatisfy { $0.id.counter > before && $0.id.counter <= after }, "the ids lie within the counter")
      try expect(try await stores.log.heads(of: [group.id]), is: [group.id: 5], "the head")
    },
    ContractCase("a message is remembered as it was said") { stores in
      let cast = try await Cast.gather(in: stores)
      let direct = try await cast.direct()
      let text = "Grüße, \u{1F600}\n\tzwei"
      let first = try await cast.say(text, by: cast.bob, in: direct.id, clientMessageID: "b-1").message
      let answer = try await cast.say("ja", by: cast.ada, in: direct.id, replyTo: first.id).message
      try expect(first.sender, is: Author(id: cast.bob.id, username: cast.bob.username), "the sender")
      try expect(first.clientMessageID, is: "b-1", "the client's id")
      try expect(answer.replyTo, is: first.id, "the answered message")
      try expect(answer.clientMessageID, is: nil, "no client's id")
      let page = try await stores.log.messages(of: direct.id, page: .latest, limit: 9)
      try expect(page, is: [first, answer], "the history")
      let entries = try await stores.log.entries(of: direct.id, after: 1, limit: 9)
      try expect(entries.map(\.event), is: [.messageCreated(first), .messageCreated(answer)], "the log")
      try expect(entries.map(\.id), is: [first.id, answer.id], "an entry has its message's id")
      try expect(entries.map(\.createdAt), is: [first.createdAt, answer.createdAt], "and its time")
    },
    ContractCase("a repeated send gets the first answer, and stores nothing") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let first = try await cast.say("once", by: cast.bob, in: group.id, clientMessageID: "c")
      let again = try await cast.say("once", by: cast.bob, in: group.id, clientMessageID: "c")
      try expect(first.repeated, is: false, "the first")
      try expect(again, is: Appended(message: first.message, repeated: true), "the second")
      try expect(try await stores.log.heads(of: [group.id]), is: [group.id: 2], "the head")
      let other = try await cast.say("once", by: cast.ada, in: group.id, clientMessageID: "c")
      try expect(other.repeated, is: false, "another sender's id is another's")
      let elsewhere = try await cast.say("once", by: cast.bob, in: try await cast.direct().id, clientMessageID: "c")
      try expect(elsewhere.repeated, is: false, "another conversation's id is another")
    },
    ContractCase("another text under the same client id is refused") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let first = try await cast.say("caf\u{E9}", by: cast.bob, in: group.id, clientMessageID: "c")
      for text in ["tea", "cafe\u{301}", ""] {
        try await refused(.conflict(.idempotency), "the text \(text)") { () throws(ChatError) in
          try await cast.say(text, by: cast.bob, in: group.id, clientMessageID: "c")
        }
      }
      let again = try await cast.say("caf\u{E9}", by: cast.bob, in: group.id, clientMessageID: "c")
      try expect(again.message, is: first.message, "the first is untouched")
      let decomposed = try await cast.say("x", by: cast.bob, in: group.id, clientMessageID: "e\u{301}")
      let composed = try await cast.say("y", by: cast.bob, in: group.id, clientMessageID: "\u{E9}")
      try expect([decomposed.repeated, composed.repeated], is: [false, false], "client ids are compared by bytes")
    },
    ContractCase("a repeated send is answered even to who has left since") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let first = try await cast.say("once", by: cast.bob, in: group.id, clientMessageID: "c")
      _ = try await stores.conversations.change(group.id, .remove, of: cast.bob, by: cast.ada, limit: 9)
      let again = try await cast.say("once", by: cast.bob, in: group.id, clientMessageID: "c")
      try expect(again, is: Appended(message: first.message, repeated: true), "the first answer")
      try await refused(.notFound(.conversation), "a new message") { () throws(ChatError) in
        try await cast.say("twice", by: cast.bob, in: group.id, clientMessageID: "d")
      }
    },
    ContractCase("only members write, and nobody to a self conversation") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      try await refused(.notFound(.conversation), "a stranger") { () throws(ChatError) in
        try await cast.say("x", by: cast.eve, in: group.id)
      }
      try await refused(.forbidden(.wrongKind), "her own") { () throws(ChatError) in
        try await cast.say("x", by: cast.ada, in: cast.ada.ownConversation)
      }
      try await refused(.notFound(.conversation), "another's own") { () throws(ChatError) in
        try await cast.say("x", by: cast.bob, in: cast.ada.ownConversation)
      }
      let unknown = ConversationID(counter: 2_000_000_000_000, bucket: group.id.bucket)
      try await refused(.notFound(.conversation), "an unknown one") { () throws(ChatError) in
        try await cast.say("x", by: cast.ada, in: unknown)
      }
    },
    ContractCase("an answer names a message of the same conversation") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let direct = try await cast.direct()
      let elsewhere = try await cast.say("x", by: cast.ada, in: direct.id).message.id
      let created = try required(await stores.log.entries(of: group.id, after: 0, limit: 1).first, "entry 1").id
      let unknown = EntryID(counter: 2_000_000_000_000, bucket: group.id.bucket)
      for (id, rule) in [(elsewhere, "of another conversation"), (created, "no message"), (unknown, "unknown")] {
        try await refused(.invalid([.unknownReply]), rule) { () throws(ChatError) in
          try await cast.say("x", by: cast.ada, in: group.id, replyTo: id)
        }
      }
      try expect(try await stores.log.heads(of: [group.id]), is: [group.id: 1], "nothing was stored")
    },
  ]
}
