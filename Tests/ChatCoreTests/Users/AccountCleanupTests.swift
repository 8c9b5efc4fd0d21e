import ChatCore
import MemoryAdapters
import Synchronization
import TestKit
import Testing

@Suite struct AccountCleanupTests {
  @Test func `members hear that he has left, and who owns what was his`() async throws {
    let stage = try await Stage.set()
    let room = try await stage.cast.group(with: [stage.cast.bob, stage.cast.eve])
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.ada)
    let before = stage.publisher.entries.count
    #expect(try await stage.cleanUp(stage.cast.ada) == .done)
    let told = stage.publisher.entries.dropFirst(before)
    #expect(told.map(\.event.name) == ["member.changed", "member.left"])
    #expect(told.map(\.conversation) == [room.id, room.id])
    let seen = try await ShowConversation(conversation: room.id).run(in: stage.chat, as: stage.bob)
    #expect(seen.members.map(\.user) == [stage.bob.user, stage.eve.user])
    #expect(seen.members.map(\.role) == [.owner, .member])
    #expect(try await stage.cleanUp(stage.cast.ada) == .notOurs)
  }

  @Test func `who ends in more conversations than a page holds leaves all of them`() async throws {
    let stage = try await Stage.set()
    var rooms: [ConversationID] = []
    for _ in 0..<205 { rooms.append(try await stage.cast.group().id) }
    _ = try await stage.cast.direct()
    _ = try await JoinLobby().run(in: stage.chat, as: stage.bob)
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.bob)
    let before = stage.publisher.entries.count
    #expect(try await stage.cleanUp(stage.cast.bob) == .done)
    let told = stage.publisher.entries.dropFirst(before)
    #expect(Set(told.map(\.conversation)) == Set(rooms + [Lobby.id]) && told.count == 206)
    #expect(try await stage.world.conversationsListed(of: stage.bob.user, after: nil, limit: 9) == [])
  }

  @Test func `whom he knows and who knows him hears that he is no contact any more`() async throws {
    let stage = try await Stage.set()
    _ = try await AddContact(user: stage.ada.user, mutual: true).run(in: stage.chat, as: stage.eve)
    _ = try await BlockUser(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.ada)
    let before = stage.publisher.entries.count
    #expect(try await stage.cleanUp(stage.cast.ada) == .done)
    let hers = stage.publisher.entries.dropFirst(before).filter { $0.conversation == stage.cast.eve.ownConversation }
    guard case .contactChanged(let contact)? = hers.first?.event, hers.count == 1 else {
      Issue.record("\(hers)")
      return
    }
    #expect(contact.user == stage.ada.user && contact.state == nil)
    #expect(try await ListContacts().run(in: stage.chat, as: stage.eve).items == [])
  }

  @Test func `who alone had him on a list, or has blocked him, can take him off`() async throws {
    let stage = try await Stage.set()
    _ = try await AddContact(user: stage.ada.user).run(in: stage.chat, as: stage.bob)
    _ = try await BlockUser(user: stage.ada.user).run(in: stage.chat, as: stage.eve)
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.ada)
    #expect(try await stage.cleanUp(stage.cast.ada) == .done)
    #expect(try await ListContacts().run(in: stage.chat, as: stage.bob).items.map(\.user) == [stage.ada.user])
    _ = try await RemoveContact(user: stage.ada.user).run(in: stage.chat, as: stage.bob)
    _ = try await UnblockUser(user: stage.ada.user).run(in: stage.chat, as: stage.eve)
    #expect(try await ListContacts().run(in: stage.chat, as: stage.bob).items == [])
    #expect(try await stage.world.blocks(of: stage.eve.user, after: nil, limit: 9) == [])
    await refused(.notFound(.user)) { () throws(ChatError) in
      try await AddContact(user: stage.ada.user).run(in: stage.chat, as: stage.bob)
    }
  }

  @Test func `his picture and what he sent to nobody go, what he sent and named stays`() async throws {
    let stage = try await Stage.set()
    let room = try await stage.cast.group().id
    func upload(_ access: FileAccess) async throws -> File {
      try await UploadFile(name: "a.png", bytes: [1, 2, 3], access: access).run(in: stage.chat, as: stage.ada)
    }
    let (sent, kept) = (try await upload(.conversations), try await upload(.conversations))
    let (picture, named) = (try await upload(.anyoneWithLink), try await upload(.anyoneWithLink))
    _ = try await SendMessage(conversation: room, text: "", attachments: [sent.id]).run(in: stage.chat, as: stage.ada)
    let name = try #require(PublicFileName(picture)).text(named: picture.name)
    _ = try await UpdateProfile(ProfileChange(avatarURL: .some("/pictures/\(name)"))).run(in: stage.chat, as: stage.ada)
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.ada)
    #expect(try await stage.cleanUp(stage.cast.ada) == .done)
    for file in [kept, picture] {
      #expect(try await stage.world.file(file.id) == nil)
      await refused(.notFound(.file)) { () throws(ChatError) in try await stage.world.bytes(of: file.id, in: 0..<1) }
    }
    #expect(try await stage.world.file(named.id) == named)
    #expect(try await ShowFile(file: sent.id).run(in: stage.chat, as: stage.bob) == sent)
    #expect(try await stage.world.usage(of: stage.ada.user) == FileUsage(bytes: 6, files: 2))
  }

  @Test func `a picture that another has uploaded stays`() async throws {
    let stage = try await Stage.set()
    let file = try await UploadFile(name: "a.png", bytes: [1], access: .anyoneWithLink)
      .run(in: stage.chat, as: stage.bob)
    let name = try #require(PublicFileName(file)).text(named: file.name)
    _ = try await UpdateProfile(ProfileChange(avatarURL: .some(name))).run(in: stage.chat, as: stage.ada)
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.ada)
    #expect(try await stage.cleanUp(stage.cast.ada) == .done)
    #expect(try await stage.world.file(file.id) == file)
  }

  @Test func `while the database is away nothing is lost, and the account has ended`() async throws {
    let stage = try await Stage.set()
    let room = try await stage.cast.group().id
    try await DeleteAccount(password: nil).run(in: stage.chat, as: stage.bob)
    stage.world.isAway = true
    await refused(.unavailable(.database, retryAfter: 1_000)) { () throws(ChatError) in
      try await stage.cleanUp(stage.cast.bob)
    }
    stage.world.isAway = false
    #expect(try await stage.members(room) == 2)
    #expect(try await stage.cleanUp(stage.cast.bob) == .done)
    #expect(try await stage.members(room) == 1)
  }

  @Test func `who ends it is told to begin`() async throws {
    let stage = try await Stage.set()
    let ended = Mutex<[UserID]>([])
    let chat = Chat(
      users: stage.world, sessions: stage.world, conversations: stage.world, contacts: stage.world,
      cleanups: stage.world, log: stage.world, messages: stage.world, files: stage.world, blobs: stage.world,
      credentials: stage.credentials, publisher: stage.publisher, limiter: MemoryRateLimiter(clock: stage.clock),
      clock: stage.clock, accountEnded: { user in ended.withLock { $0.append(user) } })
    try await DeleteAccount(password: nil).run(in: chat, as: stage.bob)
    await refused(.unauthenticated(.sessionEnded)) { () throws(ChatError) in
      try await DeleteAccount(password: nil).run(in: chat, as: stage.bob)
    }
    #expect(ended.withLock { $0 } == [stage.bob.user])
  }
}

extension Stage {
  func cleanUp(_ user: User) async throws(ChatError) -> AccountCleanup.Outcome {
    try await AccountCleanup(of: user.id) { _ in }.run(in: chat)
  }

  func members(_ room: ConversationID) async throws(ChatError) -> Int? {
    try await world.conversation(room, for: cast.ada.id, members: 0)?.memberCount
  }
}
