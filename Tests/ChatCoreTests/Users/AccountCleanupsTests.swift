import ChatCore
import MemoryAdapters
import Synchronization
import TestKit
import Testing

@Suite struct AccountCleanupsTests {
  @Test func `what a node has left is gone on with a minute later, and asked for once a minute`() async throws {
    let stage = try await Stage.set()
    let rooms = [try await stage.cast.group().id, try await stage.cast.group().id]
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.bob)
    // As a node leaves it that dies between two steps.
    _ = try await stage.world.leave(rooms[0], user: stage.cast.bob)
    let cleanups = AccountCleanups { _ in }
    try await cleanups.run(in: stage.chat)
    #expect(try await stage.members(rooms[1]) == 2)
    stage.clock.advance(by: 59_000)
    try await cleanups.run(in: stage.chat)
    stage.clock.advance(by: 2_000)
    try await cleanups.run(in: stage.chat)
    #expect(try await stage.members(rooms[1]) == 1)
    #expect(try await stage.world.idleCleanups(for: 0, limit: 9) == [])
  }

  @Test func `who has ended since comes before who was found and could not be finished`() async throws {
    let stage = try await Stage.set()
    let room = try await stage.cast.group(with: [stage.cast.bob, stage.cast.eve]).id
    let chat = Self.chat(stage, Spoilt(world: stage.world, rooms: [room]))
    #expect(try await stage.world.delete(stage.bob.user))
    stage.clock.advance(by: 61_000)
    let failed = Mutex<[UserID]>([])
    let cleanups = AccountCleanups(pause: { _ in }, failed: { user, _ in failed.withLock { $0.append(user) } })
    try await cleanups.run(in: chat)
    stage.clock.advance(by: 61_000)
    #expect(try await stage.world.delete(stage.eve.user))
    stage.clock.advance(by: 61_000)
    #expect(try await stage.world.idleCleanups(for: 60_000, limit: 9) == [stage.eve.user, stage.bob.user])
    try await cleanups.run(in: chat)
    #expect(failed.withLock { $0 } == [stage.bob.user, stage.eve.user, stage.bob.user])
  }

  @Test func `a step that always fails keeps no other from being done`() async throws {
    let stage = try await Stage.set()
    let rooms = [try await stage.cast.group().id, try await stage.cast.group().id]
    _ = try await AddContact(user: stage.bob.user, mutual: true).run(in: stage.chat, as: stage.ada)
    var files: [FileID] = []
    for _ in 0..<3 {
      files.append(try await UploadFile(name: "a", bytes: [1]).run(in: stage.chat, as: stage.bob).id)
    }
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.bob)
    let (room, file) = (try #require(rooms.min()), try #require(files.min()))
    let spoilt = Spoilt(world: stage.world, rooms: [room], file: file)
    await refused(.internalError("spoilt")) { () throws(ChatError) in
      try await AccountCleanup(of: stage.bob.user) { _ in }.run(in: Self.chat(stage, spoilt))
    }
    #expect(try await stage.world.conversationsListed(of: stage.bob.user, after: nil, limit: 9) == [room])
    #expect(try await ListContacts().run(in: stage.chat, as: stage.ada).items == [])
    let left = try await stage.world.leftovers(of: stage.bob.user, olderThan: 1, after: nil, limit: 9)
    #expect(left == [file])
    #expect(try await stage.cleanUp(stage.cast.bob) == .done)
    #expect(try await stage.world.usage(of: stage.bob.user) == FileUsage(bytes: 0, files: 0))
  }

  /// Four at the head of the list kept all others for ever.
  @Test func `many conversations that can never be left keep no other from being left`() async throws {
    let stage = try await Stage.set()
    var rooms: [ConversationID] = []
    for _ in 0..<30 { rooms.append(try await stage.cast.group().id) }
    let spoilt = Set(rooms.sorted().prefix(20))
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.bob)
    await refused(.internalError("spoilt")) { () throws(ChatError) in
      try await AccountCleanup(of: stage.bob.user) { _ in }
        .run(in: Self.chat(stage, Spoilt(world: stage.world, rooms: spoilt)))
    }
    let left = try await stage.world.conversationsListed(of: stage.bob.user, after: nil, limit: 99)
    #expect(Set(left) == spoilt)
  }

  @Test(arguments: [(3, 3), (4, 30)])
  func `where the database is away for four in a row the rest is left to another time`(
    away: Int, left: Int
  ) async throws {
    let stage = try await Stage.set()
    var rooms: [ConversationID] = []
    for _ in 0..<30 { rooms.append(try await stage.cast.group().id) }
    var spoilt = Spoilt(world: stage.world, rooms: Set(rooms.sorted().prefix(away)))
    spoilt.fault = .unavailable(.database, retryAfter: 1)
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.bob)
    let chat = Self.chat(stage, spoilt)
    await refused(spoilt.fault) { () throws(ChatError) in
      try await AccountCleanup(of: stage.bob.user) { _ in }.run(in: chat)
    }
    #expect(try await stage.world.conversationsListed(of: stage.bob.user, after: nil, limit: 99).count == left)
  }

  private static func chat(_ stage: Stage, _ spoilt: Spoilt) -> Chat {
    Chat(
      users: stage.world, sessions: stage.world, conversations: stage.world, contacts: stage.world,
      cleanups: spoilt, log: stage.world, messages: stage.world, files: stage.world, blobs: spoilt,
      credentials: stage.credentials, publisher: stage.publisher, limiter: MemoryRateLimiter(clock: stage.clock),
      clock: stage.clock)
  }

  /// Where some conversations cannot be left, and the bytes of one file cannot be dropped.
  private struct Spoilt: CleanupStore, BlobStore {
    let world: MemoryWorld
    var rooms: Set<ConversationID> = []
    var file: FileID?
    var fault = ChatError.internalError("spoilt")

    func leave(_ id: ConversationID, user: User) async throws(ChatError) -> Made {
      if rooms.contains(id) { throw fault }
      return try await world.leave(id, user: user)
    }

    func delete(_ id: FileID) async throws(ChatError) {
      if id == file { throw .internalError("spoilt") }
      try await world.delete(id)
    }

    func put(_ id: FileID, _ bytes: ArraySlice<UInt8>) async throws(ChatError) { try await world.put(id, bytes) }

    func bytes(of id: FileID, in range: Range<Int64>) async throws(ChatError) -> [UInt8] {
      try await world.bytes(of: id, in: range)
    }

    func idleCleanups(for span: Milliseconds, limit: Int) async throws(ChatError) -> [UserID] {
      try await world.idleCleanups(for: span, limit: limit)
    }

    func takeCleanup(of user: UserID, idleFor span: Milliseconds) async throws(ChatError) -> User? {
      try await world.takeCleanup(of: user, idleFor: span)
    }

    func endedAccount(_ user: UserID) async throws(ChatError) -> User? { try await world.endedAccount(user) }

    func conversationsListed(
      of user: UserID, after: ConversationID?, limit: Int
    ) async throws(ChatError) -> [ConversationID] {
      try await world.conversationsListed(of: user, after: after, limit: limit)
    }

    func dropRows(of user: UserID, limit: Int) async throws(ChatError) -> Bool {
      try await world.dropRows(of: user, limit: limit)
    }

    func finishCleanup(of user: UserID) async throws(ChatError) -> Bool { try await world.finishCleanup(of: user) }
  }
}
