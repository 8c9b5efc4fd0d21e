import ChatCore
import PostgresStore
import Synchronization
import TestKit
import Testing

/// Rows that somebody has changed by hand.
@Suite("Spoilt rows") struct SpoiltRowsTests {
  /// It failed the page, so that whoever lacked the entry was never told what stands behind it.
  @Test("an entry whose contents cannot be read says no more than its kind", arguments: ["'{'", "'{}'", "NULL"])
  func contents(detail: String) async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let group = try await cast.group()
      let last = try await cast.say("last", by: cast.bob, in: group.id).message
      try await PrivatePostgres.shared().sql(
        "UPDATE entry SET detail = \(detail) WHERE bucket = \(group.id.bucket.number) "
          + "AND conversation = \(group.id.rawValue) AND seq = 1", in: database.url)
      let log = try await database.stores.log.entries(of: group.id, after: 0, limit: 9)
      #expect(log.dropFirst().map(\.event) == [.messageCreated(last)])
      guard case .unknown? = log.first?.event else {
        Issue.record("\(String(describing: log.first))")
        return
      }
    } reporting: {
      $0.hasPrefix("database: entry ")
    }
  }

  /// Whoever resumed from before the edit was never answered.
  @Test("an edit of a message whose row cannot be read is told as it was stored")
  func editedMessage() async throws {
    let spoilt = Mutex<EntryID?>(nil)
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let group = try await cast.group()
      let said = try await cast.say("hi", by: cast.bob, in: group.id).message
      spoilt.withLock { $0 = said.id }
      _ = try await database.stores.messages.change(said.id, .edit(text: "ho", versions: nil), by: cast.bob.id)
      let last = try await cast.say("last", by: cast.bob, in: group.id).message
      try await PrivatePostgres.shared().sql(
        "UPDATE entry SET attachments = '{' WHERE bucket = \(group.id.bucket.number) AND id = \(said.id.rawValue)",
        in: database.url)
      let log = try await database.stores.log.entries(of: group.id, after: said.seq, limit: 9)
      #expect(log.count == 2)
      #expect(log.first?.event.name == "message.edited")
      #expect(log.last?.event == .messageCreated(last))
    } reporting: { fault in
      spoilt.withLock { $0.map { fault.hasPrefix("database: entry \($0.rawValue): ") } ?? false }
    }
  }

  @Test("history is imported behind no head that no log has", arguments: [Int64.max, -1])
  func importedHeads(head: Int64) async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let group = try await cast.group()
      try await PrivatePostgres.shared().sql(
        "UPDATE conversation SET head = \(head) WHERE bucket = \(group.id.bucket.number) AND id = \(group.id.rawValue)",
        in: database.url)
      let past = PastMessage(
        conversation: group.id, sender: Author(id: cast.bob.id, username: cast.bob.username), text: "old",
        clientMessageID: "old:1", createdAt: Timestamp(milliseconds: 0))
      await #expect(throws: ChatError.self) { try await database.stores.imports.append([past]) }
    } reporting: {
      $0.contains("a head that no log has")
    }
  }

  /// It ended the process.
  @Test("a head that no conversation has is refused by the server", arguments: [Int64.max, .min])
  func heads(head: Int64) async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let group = try await cast.group()
      let said = try await cast.say("hi", by: cast.bob, in: group.id).message
      try await PrivatePostgres.shared().sql(
        "UPDATE conversation SET head = \(head) WHERE bucket = \(group.id.bucket.number) AND id = \(group.id.rawValue)",
        in: database.url)
      let stores = database.stores
      _ = try? await stores.messages.change(said.id, .edit(text: "ho", versions: nil), by: cast.bob.id)
      _ = try? await stores.messages.change(said.id, .delete, by: cast.bob.id)
      _ = try? await stores.conversations.change(group.id, .remove, of: cast.bob, by: cast.bob, limit: 9)
      _ = try? await cast.say("hi", by: cast.ada, in: group.id)
      #expect(try await stores.log.messages(of: group.id, page: .latest, limit: 9).map(\.id).contains(said.id))
    } reporting: {
      // Out of range, and a place that is taken.
      $0.contains("22003") || $0.contains("23505")
    }
  }

  @Test("a file has no size below zero, and none that cannot be reckoned with", arguments: [Int64.max, -1, .min])
  func sizes(size: Int64) async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let new = NewFile(owner: cast.ada.id, name: "a.txt", type: .text, size: 1)
      let file = try await database.stores.files.reserve(new, quota: FileUsage(bytes: 9, files: 9))
      #expect(try await database.stores.files.complete(file.id))
      try await PrivatePostgres.shared().sql("UPDATE file SET size = \(size)", in: database.url)
      let found = try #require(await database.stores.files.file(file.id))
      #expect((0...1 << 53).contains(found.size))
    }
  }
}
