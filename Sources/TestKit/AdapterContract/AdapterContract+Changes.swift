import ChatCore

extension AdapterContract {
  static let changes: [ContractCase] = [
    ContractCase("an edited message has its new text everywhere, and one entry tells it") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let said = try await cast.say("hi", by: cast.bob, in: group.id, clientMessageID: "c").message
      let changed = try await edit(said.id, "hi!", by: cast.bob, in: stores)
      let now = changed.message
      try expect(now.text, is: "hi!", "the text")
      try expect(now.previousText, is: "hi", "the text before")
      try expect([now.changedSeq, now.version], is: [3, 3], "the state")
      try expect(now.editedAt != nil, "the time")
      let entry = try required(changed.made?.first, "the entry")
      try expect(changed.made?.count, is: 1, "the entries made")
      try expect([entry.seq, entry.id.counter], is: [3, said.id.counter + 1], "the place")
      try expect(entry.author, is: Author(id: cast.bob.id, username: cast.bob.username), "who did it")
      try expect(entry.event, is: .messageEdited(now.told), "the event, without the text before")
      let log = try await stores.log.entries(of: group.id, after: 1, limit: 9)
      try expect(log.map(\.event), is: [.messageCreated(now.told), .messageEdited(now.told)], "the log")
      try expect(log.last, is: entry, "the entry as it is read")
      try expect(try await stores.log.messages(of: group.id, page: .latest, limit: 9), is: [now], "the history")
      try expect(try await stores.messages.message(said.id, for: cast.ada.id), is: now, "the message")
      let again = try await cast.say("hi", by: cast.bob, in: group.id, clientMessageID: "c")
      try expect(again, is: Appended(message: now.told, repeated: true), "a repeated send")
    },
    ContractCase("the same text again makes no entry, and texts are compared by bytes") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let said = try await cast.say("caf\u{E9}", by: cast.bob, in: group.id).message
      let same = try await edit(said.id, "caf\u{E9}", by: cast.bob, in: stores)
      try expect(same, is: ChangedMessage(message: said, made: nil), "the same")
      let decomposed = try await edit(said.id, "cafe\u{301}", by: cast.bob, in: stores)
      try expect(decomposed.made?.map(\.seq), is: [3], "the other spelling")
      let third = try await edit(said.id, "tea", by: cast.bob, in: stores).message
      try expect(Array((third.previousText ?? "").utf8), is: Array("cafe\u{301}".utf8), "only the last text is kept")
      try expect(try await stores.log.heads(of: [group.id]), is: [group.id: 4], "the head")
    },
    ContractCase("who named other states than the message is in changes nothing") { stores in
      let cast = try await Cast.gather(in: stores)
      let said = try await cast.say("one", by: cast.bob, in: try await cast.group().id).message
      let second = try await edit(said.id, "two", by: cast.bob, versions: [said.version, 99], in: stores).message
      for versions in [[said.version], []] as [Set<Int64>] {
        try await refused(.conflict(.messageChanged), "\(versions)") { () throws(ChatError) in
          try await edit(said.id, "three", by: cast.bob, versions: versions, in: stores)
        }
      }
      try expect(
        try await edit(said.id, "three", by: cast.bob, versions: [second.version], in: stores).message.text,
        is: "three", "the state that it is in")
    },
    ContractCase("its author edits a message, its author, owner and admins delete it, members react") { stores in
      let cast = try await Cast.gather(in: stores)
      let zoe = try await cast.extra("zoe")
      let group = try await cast.group(with: [cast.bob, zoe])
      let said = try await cast.say("hi", by: cast.bob, in: group.id).message.id
      let edit = MessageChange.edit(text: "ho", versions: nil)
      for other in [cast.ada, zoe] {
        try await refused(.forbidden(.notTheAuthor), "another's text") { () throws(ChatError) in
          try await stores.messages.change(said, edit, by: other.id)
        }
      }
      try await refused(.forbidden(.notTheAuthor), "deleting another's") { () throws(ChatError) in
        try await stores.messages.change(said, .delete, by: zoe.id)
      }
      for change in [edit, .delete, .react(emoji: "👍", kindsMax: 9), .unreact(emoji: "👍")] {
        try await refused(.notFound(.message), "a stranger") { () throws(ChatError) in
          try await stores.messages.change(said, change, by: cast.eve.id)
        }
      }
      _ = try await stores.conversations.change(group.id, .put(.admin), of: zoe, by: cast.ada, limit: 9)
      let deleted = try await stores.messages.change(said, .delete, by: zoe.id)
      try expect(deleted.made?.map(\.author.id), is: [zoe.id], "an admin deletes")
      let direct = try await cast.direct()
      let own = try await cast.say("hi", by: cast.bob, in: direct.id).message.id
      try await refused(.forbidden(.notTheAuthor), "in a direct conversation") { () throws(ChatError) in
        try await stores.messages.change(own, .delete, by: cast.ada.id)
      }
    },
    ContractCase("what is no message is changed by nobody, nor is one whose conversation is gone") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let said = try await cast.say("hi", by: cast.ada, in: group.id).message.id
      let created = try required(await stores.log.entries(of: group.id, after: 0, limit: 1).first, "entry 1").id
      let unknown = EntryID(counter: 2_000_000_000_000, bucket: group.id.bucket)
      for id in [created, unknown] {
        try expect(try await stores.messages.message(id, for: cast.ada.id), is: nil, "no message")
        try await refused(.notFound(.message), "no message") { () throws(ChatError) in
          try await stores.messages.change(id, .delete, by: cast.ada.id)
        }
      }
      try expect(try await stores.messages.message(said, for: cast.eve.id), is: nil, "a stranger")
      _ = try await stores.conversations.delete(group.id, by: cast.ada)
      try expect(try await stores.messages.message(said, for: cast.ada.id), is: nil, "of a deleted conversation")
      try await refused(.notFound(.message), "of a deleted conversation") { () throws(ChatError) in
        try await stores.messages.change(said, .delete, by: cast.ada.id)
      }
    },
    ContractCase("anyone reads a public message, members change and react") { stores in
      let cast = try await Cast.gather(in: stores)
      let square = try await cast.square()
      let said = try await cast.say("hi", by: cast.ada, in: square.id).message
      try expect(try await stores.messages.message(said.id, for: cast.eve.id), is: said, "read")
      try await refused(.forbidden(.notAMember), "reacting") { () throws(ChatError) in
        try await stores.messages.change(said.id, .react(emoji: "👍", kindsMax: 9), by: cast.eve.id)
      }
    },
    ContractCase("a deleted message tells its text nowhere, and is not changed any more") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let said = try await cast.say("secret", by: cast.bob, in: group.id, clientMessageID: "c").message
      _ = try await edit(said.id, "secret too", by: cast.bob, in: stores)
      _ = try await stores.messages.change(said.id, .react(emoji: "👍", kindsMax: 9), by: cast.ada.id)
      let deleted = try await stores.messages.change(said.id, .delete, by: cast.bob.id)
      let now = deleted.message
      try expect([now.text, now.previousText ?? ""], is: ["", ""], "the texts")
      try expect(now.reactions, is: [], "the reactions")
      try expect(now.deletedAt != nil, "the time")
      let log = try await stores.log.entries(of: group.id, after: 1, limit: 9)
      let names = ["message.created", "message.edited", "reaction.added", "message.deleted"]
      try expect(log.map(\.event.name), is: names, "the log")
      try expect(log.map { "\($0)".contains("secret") }, is: [false, false, false, false], "the text in the log")
      try expect(log.last?.event, is: .messageDeleted(now), "the last entry")
      try expect(try await stores.log.messages(of: group.id, page: .latest, limit: 9), is: [now], "the history")
      let again = try await cast.say("secret", by: cast.bob, in: group.id, clientMessageID: "c")
      try expect(again, is: Appended(message: now, repeated: true), "a repeated send")
      let twice = try await stores.messages.change(said.id, .delete, by: cast.bob.id)
      try expect(twice, is: ChangedMessage(message: now, made: nil), "deleted twice")
      for change in [.edit(text: "x", versions: nil), .react(emoji: "👍", kindsMax: 9)] as [MessageChange] {
        try await refused(.conflict(.messageDeleted), "\(change)") { () throws(ChatError) in
          try await stores.messages.change(said.id, change, by: cast.bob.id)
        }
      }
      let none = try await stores.messages.change(said.id, .unreact(emoji: "👍"), by: cast.ada.id)
      try expect(none.made, is: nil, "taking off what is gone")
    },
  ]

  private static func edit(
    _ id: EntryID, _ text: String, by user: User, versions: Set<Int64>? = nil, in stores: StoresUnderTest
  ) async throws(ChatError) -> ChangedMessage {
    try await stores.messages.change(id, .edit(text: text, versions: versions), by: user.id)
  }
}
