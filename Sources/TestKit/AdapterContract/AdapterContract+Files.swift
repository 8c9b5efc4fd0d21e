import ChatCore

extension AdapterContract {
  static let files: [ContractCase] = [
    ContractCase("a file is found once its bytes are there, and no more when it is being deleted") { stores in
      let cast = try await Cast.gather(in: stores)
      let file = try await stores.files.reserve(.sample(of: cast.ada, secret: "0123456789abcdef"), quota: .plenty)
      try expect(file.id.bucket, is: cast.ada.id.bucket, "the bucket")
      try expect(try await stores.files.file(file.id), is: nil, "reserved")
      try expect(try await stores.files.complete(file.id), is: true, "completed")
      try expect(try await stores.files.file(file.id), is: file, "there")
      try expect(try await stores.files.retire(file.id, of: cast.bob.id), is: false, "another's")
      try expect(try await stores.files.retire(file.id, of: cast.ada.id), is: true, "her own")
      try expect(try await stores.files.file(file.id), is: nil, "retired")
      try expect(try await stores.files.complete(file.id), is: false, "it does not come back")
      let left = try await stores.files.leftovers(of: cast.ada.id, olderThan: 3_600_000, after: nil, limit: 9)
      try expect(left, is: [file.id], "to be swept")
      try await stores.files.forget(file.id)
      try expect(try await stores.files.usage(of: cast.ada.id), is: FileUsage(bytes: 0, files: 0), "counted no more")
      try await stores.files.forget(file.id)
      try expect(try await stores.files.usage(of: cast.ada.id), is: FileUsage(bytes: 0, files: 0), "once")
    },
    ContractCase("a file that is there is not forgotten by mistake") { stores in
      let cast = try await Cast.gather(in: stores)
      let file = try await stores.keep("x", of: cast.ada)
      try await stores.files.forget(file.id)
      try expect(try await stores.files.file(file.id), is: file, "still there")
    },
    ContractCase("what an upload has left is hidden, and what completes it later fails") { stores in
      let cast = try await Cast.gather(in: stores)
      let begun = try await stores.files.reserve(.sample(of: cast.ada), quota: .plenty)
      let there = try await stores.keep("x", of: cast.ada)
      for id in [begun.id, there.id] {
        try await stores.files.hide(id)
        try expect(try await stores.files.complete(id), is: false, "completing")
        try expect(try await stores.files.file(id), is: nil, "found")
        try await stores.files.forget(id)
      }
      try expect(try await stores.files.usage(of: cast.ada.id), is: FileUsage(bytes: 0, files: 0), "taken")
    },
    ContractCase("own files are listed newest first, a page at a time") { stores in
      let cast = try await Cast.gather(in: stores)
      var kept: [File] = []
      for text in ["1", "2", "3"] { kept.append(try await stores.keep(text, of: cast.ada)) }
      _ = try await stores.files.reserve(.sample(of: cast.ada), quota: .plenty)
      _ = try await stores.keep("b", of: cast.bob)
      let all = try await stores.files.files(of: cast.ada.id, before: nil, limit: 9)
      try expect(all, is: Array(kept.reversed()), "all of them")
      let rest = try await stores.files.files(of: cast.ada.id, before: kept[2].id, limit: 1)
      try expect(rest, is: [kept[1]], "the next")
    },
    ContractCase("the quota holds at its limit and not one past it, however many upload at once") { stores in
      let cast = try await Cast.gather(in: stores)
      let quota = FileUsage(bytes: 50, files: 100)
      let kept = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<12 {
          group.addTask { (try? await stores.files.reserve(.sample(of: cast.ada, size: 10), quota: quota)) != nil }
        }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      try expect(kept, is: 5, "those that fit")
      try expect(try await stores.files.usage(of: cast.ada.id), is: FileUsage(bytes: 50, files: 5), "what is counted")
      try await refused(.conflict(.fileQuota), "one byte more") { () throws(ChatError) in
        try await stores.files.reserve(.sample(of: cast.ada, size: 1), quota: quota)
      }
      let few = FileUsage(bytes: 1_000, files: 5)
      try await refused(.conflict(.fileQuota), "one file more") { () throws(ChatError) in
        try await stores.files.reserve(.sample(of: cast.ada, size: 1), quota: few)
      }
    },
    ContractCase("only own files that are there are linked, all of them or none, into so many conversations") {
      stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group().id
      let (one, two) = (try await stores.keep("1", of: cast.ada), try await stores.keep("2", of: cast.ada))
      let others = try await stores.keep("b", of: cast.bob)
      let some = try await stores.files.link([one.id, others.id], of: cast.ada.id, to: room, most: 1)
      try expect(some, is: [one], "those that are hers")
      try expect(try await stores.files.conversations(of: one.id, limit: 9), is: [], "nothing was linked")
      for _ in 0..<2 {
        let linked = try await stores.files.link([two.id, one.id], of: cast.ada.id, to: room, most: 1)
        try expect(linked, is: [two, one], "in the order asked for")
      }
      try expect(try await stores.files.conversations(of: one.id, limit: 9), is: [room], "once")
      let elsewhere = try await cast.direct().id
      try await refused(.conflict(.fileShared), "one conversation more") { () throws(ChatError) in
        try await stores.files.link([one.id], of: cast.ada.id, to: elsewhere, most: 1)
      }
    },
    ContractCase("bytes come back as they were, in parts and across pieces, until they are dropped") { stores in
      let cast = try await Cast.gather(in: stores)
      let piece = Int(FilePieces.bytesMax)
      let bytes = (0..<(2 * piece + 7)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let id = FileID(counter: Int64.random(in: 1...1_000_000_000), bucket: cast.ada.id.bucket)
      try await stores.blobs.put(id, [9, 9, 9])
      try await stores.blobs.put(id, ([0] + bytes)[1...])
      for range in [0..<piece, piece..<(2 * piece), (2 * piece)..<(2 * piece + 7), 5..<6, (piece + 1)..<(piece + 3)] {
        let part = try await stores.blobs.bytes(of: id, in: Int64(range.lowerBound)..<Int64(range.upperBound))
        try expect(part.elementsEqual(bytes[range]), "the part \(range)")
      }
      try await stores.blobs.delete(id)
      try await stores.blobs.delete(id)
      try await refused(.notFound(.file), "dropped") { () throws(ChatError) in
        try await stores.blobs.bytes(of: id, in: 0..<1)
      }
    },
    ContractCase("a message remembers what it carries, and a repeated send carries the same") { stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group().id
      let file = try await stores.keep("x", of: cast.ada).attachment
      let first = try await cast.say("", by: cast.ada, in: room, clientMessageID: "c", attachments: [file])
      try expect(first.message.attachments, is: [file], "as stored")
      let again = try await cast.say("", by: cast.ada, in: room, clientMessageID: "c", attachments: [file])
      try expect(again, is: Appended(message: first.message, repeated: true), "repeated")
      try await refused(.conflict(.idempotency), "other files") { () throws(ChatError) in
        try await cast.say("", by: cast.ada, in: room, clientMessageID: "c")
      }
      try expect(
        try await stores.log.messages(of: room, page: .latest, limit: 9), is: [first.message], "in the history")
      let events = try await stores.log.entries(of: room, after: 1, limit: 9).map(\.event)
      try expect(events, is: [.messageCreated(first.message)], "in the log")
      let found = try await stores.log.message(by: cast.ada.id, clientMessageID: "c", in: room)
      try expect(found, is: first.message, "by its client id")
      let none = try await stores.log.message(by: cast.bob.id, clientMessageID: "c", in: room)
      try expect(none, is: nil, "another's")
    },
    ContractCase("files that lie elsewhere belong to one place and are listed there") { stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group().id
      let message = try await cast.say("look", by: cast.ada, in: room).message.id
      let (first, second) = (
        try await stores.files.register(.sample(of: cast.ada, at: .message(message)), quota: .plenty),
        try await stores.files.register(.sample(of: cast.ada, at: .conversation(room)), quota: .plenty)
      )
      try expect(first.owner.username, is: cast.ada.username, "who")
      try expect([first.message, second.message], is: [message, nil], "the messages")
      try expect([first.conversation, second.conversation], is: [room, room], "the conversations")
      let own = try await stores.files.fileLinks(of: cast.ada.id, before: nil, limit: 9)
      try expect(own, is: [second, first], "newest first")
      let older = try await stores.files.fileLinks(of: cast.ada.id, before: second.id, limit: 9)
      try expect(older, is: [first], "the next page")
      let atMessage = try await stores.files.fileLinks(at: .message(message), after: nil, limit: 9)
      try expect(atMessage, is: [first], "at the message")
      let atRoom = try await stores.files.fileLinks(at: .conversation(room), after: nil, limit: 9)
      try expect(atRoom, is: [second], "at the conversation")
      let plain = try await cast.say("see above", by: cast.ada, in: room).message.id
      let third = try await stores.files.register(.sample(of: cast.ada, at: .message(message)), quota: .plenty)
      let all = try await stores.files.fileLinks(of: [plain, message], in: room, limit: 9)
      try expect(all, is: [first, third], "at any of the messages")
      let cut = try await stores.files.fileLinks(of: [plain, message], in: room, limit: 1)
      try expect(cut, is: [first], "no more than asked for")
      let elsewhere = try await stores.files.fileLinks(of: [message], in: cast.group().id, limit: 9)
      try expect(elsewhere, is: [], "in another conversation")
      try expect(try await stores.files.unregister(third.id, of: cast.ada.id), is: true, "the third")
      try expect(try await stores.files.fileLink(first.id), is: first, "by its id")
      try expect(try await stores.files.file(first.id), is: nil, "it has no bytes here")
      try expect(try await stores.files.unregister(first.id, of: cast.bob.id), is: false, "another's")
      try expect(try await stores.files.unregister(first.id, of: cast.ada.id), is: true, "her own")
      try expect(try await stores.files.fileLink(first.id), is: nil, "gone")
      let left = try await stores.files.fileLinks(at: .message(message), after: nil, limit: 9)
      try expect(left, is: [], "there too")
      try expect(try await stores.files.usage(of: cast.ada.id), is: FileUsage(bytes: 0, files: 1), "what is counted")
    },
    ContractCase("a file that lies elsewhere is named at one's own message or conversation only") { stores in
      let cast = try await Cast.gather(in: stores)
      let room = try await cast.group().id
      let bobs = try await cast.say("mine", by: cast.bob, in: room).message.id
      let unknown = EntryID(counter: 2_000_000_000_000, bucket: room.bucket)
      for id in [bobs, unknown] {
        try await refused(.invalid([.unknownFileMessage]), "message \(id)") { () throws(ChatError) in
          try await stores.files.register(.sample(of: cast.ada, at: .message(id)), quota: .plenty)
        }
      }
      try await refused(.invalid([.unknownFileConversation]), "a stranger") { () throws(ChatError) in
        try await stores.files.register(.sample(of: cast.eve, at: .conversation(room)), quota: .plenty)
      }
      let none = FileUsage(bytes: 0, files: 0)
      try await refused(.conflict(.fileQuota), "too many") { () throws(ChatError) in
        try await stores.files.register(.sample(of: cast.ada, at: .conversation(room)), quota: none)
      }
      try expect(try await stores.files.usage(of: cast.ada.id), is: none, "nothing is counted")
    },
  ]
}

extension FileUsage {
  fileprivate static let plenty = FileUsage(bytes: 1_000_000, files: 100)
}

extension NewFile {
  fileprivate static func sample(of user: User, size: Int64 = 1, secret: String? = nil) -> NewFile {
    NewFile(owner: user.id, name: "ä.txt", type: .text, size: size, secret: secret)
  }
}

extension NewFileLink {
  fileprivate static func sample(of user: User, at place: FilePlace) -> NewFileLink {
    NewFileLink(owner: user.id, name: "a.pdf", url: "https://x.example/a.pdf", size: 5, place: place)
  }
}

extension StoresUnderTest {
  /// Keeps a text as a file.
  func keep(_ text: String, of user: User) async throws -> File {
    let bytes = Array(text.utf8)
    let new = NewFile(owner: user.id, name: "a.txt", type: .text, size: Int64(bytes.count))
    let file = try await files.reserve(new, quota: .plenty)
    try await blobs.put(file.id, bytes[...])
    guard try await files.complete(file.id) else { throw ContractBroken("a file could not be completed") }
    return file
  }
}
