@testable import ChatCore
import MemoryAdapters
import Synchronization
import TestKit
import Testing

/// What a crowd costs: a conversation of two counts as one here.
@Suite struct FanOutTests {
  /// Two members are a crowd; four deliveries at once, two a second.
  private static var limits: Limits {
    var limits = Limits()
    limits.signalMembersMax = 1
    limits.fanOutBurst = 4
    limits.fanOutPerSecond = 2
    return limits
  }

  /// Says so many things at once; the last refusal, if there was one.
  private func say(_ count: Int, in id: ConversationID, on stage: Stage, as caller: Caller) async -> ChatError? {
    var refusal: ChatError?
    for number in 0..<count {
      do throws(ChatError) {
        _ = try await SendMessage(conversation: id, text: "\(number)").run(in: stage.chat, as: caller)
      } catch {
        refusal = error
      }
    }
    return refusal
  }

  @Test func `a crowd that was told much is told no more until it is paid for, and the answer says when`() async throws
  {
    let stage = try await Stage.set(limits: Self.limits)
    let group = try await stage.cast.group().id
    // The first is not counted: nobody looks up what is written to now and then.
    #expect(await say(3, in: group, on: stage, as: stage.ada) == nil)
    #expect(await say(1, in: group, on: stage, as: stage.bob) == .rateLimited(retryAfter: 1_000))
    let before = stage.publisher.entries.count
    stage.clock.advance(by: 500)
    #expect(await say(1, in: group, on: stage, as: stage.ada) == .rateLimited(retryAfter: 500))
    #expect(stage.publisher.entries.count == before)
    stage.clock.advance(by: 500)
    #expect(await say(1, in: group, on: stage, as: stage.ada) == nil)
    #expect(try await stage.world.standing(of: stage.ada.user, in: group)?.head == 5)
  }

  @Test(arguments: [(signal: 2, perSecond: 2.0), (signal: 1, perSecond: 0)])
  func `who is no crowd, or where nothing is counted, is not refused`(signal: Int, perSecond: Double) async throws {
    var limits = Self.limits
    limits.signalMembersMax = signal
    limits.fanOutPerSecond = perSecond
    let stage = try await Stage.set(limits: limits)
    let group = try await stage.cast.group().id
    #expect(await say(50, in: group, on: stage, as: stage.ada) == nil)
  }

  @Test func `however large the crowd, one message is let through when none was`() async throws {
    var limits = Self.limits
    limits.fanOutBurst = 1
    let stage = try await Stage.set(limits: limits)
    let group = try await stage.cast.group().id
    #expect(await say(2, in: group, on: stage, as: stage.ada) == nil)
    #expect(await say(1, in: group, on: stage, as: stage.ada) == .rateLimited(retryAfter: 1_000))
  }

  @Test func `a text costs as many deliveries again for each KiB`() async throws {
    var limits = Self.limits
    limits.fanOutBurst = 10
    let stage = try await Stage.set(limits: limits)
    let group = try await stage.cast.group().id
    let long = SendMessage(conversation: group, text: String(repeating: "x", count: 3 * 1_024))
    #expect(await say(1, in: group, on: stage, as: stage.ada) == nil)
    _ = try await long.run(in: stage.chat, as: stage.ada)
    await refused(.rateLimited(retryAfter: 3_000)) { () throws(ChatError) in
      try await long.run(in: stage.chat, as: stage.ada)
    }
    #expect(await say(1, in: group, on: stage, as: stage.ada) == nil, "what was refused cost nothing")
    #expect(await say(1, in: group, on: stage, as: stage.ada) == .rateLimited(retryAfter: 1_000))
  }

  @Test func `nobody spends what is the crowd's without telling it anything`() async throws {
    let stage = try await Stage.set(limits: Self.limits)
    let group = try await stage.cast.group().id
    let first = SendMessage(conversation: group, text: "hi", clientMessageID: "1")
    #expect(await say(1, in: group, on: stage, as: stage.ada) == nil)
    _ = try await first.run(in: stage.chat, as: stage.ada)
    // Strangers, and those who repeat themselves.
    #expect(await say(20, in: group, on: stage, as: stage.eve) == .notFound(.conversation))
    for _ in 0..<20 { #expect(try await first.run(in: stage.chat, as: stage.ada).repeated) }
    #expect(await say(1, in: group, on: stage, as: stage.bob) == nil)
    #expect(await say(1, in: group, on: stage, as: stage.bob) == .rateLimited(retryAfter: 1_000))
    #expect(
      await say(1, in: group, on: stage, as: stage.eve) == .notFound(.conversation), "a stranger learns of no crowd")
  }

  @Test func `who writes much to a crowd is looked up now and then, and at once when he is refused`() async throws {
    var limits = Self.limits
    limits.fanOutBurst = 1_000
    let stage = try await Stage.set(limits: limits)
    let asked = CountedMessages(world: stage.world)
    var chat = stage.chat
    chat.messages = asked
    let group = try await stage.cast.group().id
    let say = { (caller: Caller) async throws(ChatError) in
      _ = try await SendMessage(conversation: group, text: "hi").run(in: chat, as: caller)
    }
    for _ in 1...20 { try await say(stage.ada) }
    #expect(asked.standings == 1, "which said how many there are, too")
    for _ in 1...20 { try await say(stage.bob) }
    #expect(asked.standings == 2)
    stage.clock.advance(by: CrowdSizes.writerFor - 1)
    try await say(stage.bob)
    #expect(asked.standings == 2)
    stage.clock.advance(by: 1)
    try await say(stage.bob)
    #expect(asked.standings == 3)
    try await RemoveMember(conversation: group, user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    let before = stage.publisher.entries.count
    // The removal is known at once: he takes nothing of what the crowd may be told.
    for looked in [4, 5, 6] {
      await refused(.notFound(.conversation)) { () throws(ChatError) in try await say(stage.bob) }
      #expect(asked.standings == looked)
    }
    #expect(stage.publisher.entries.count == before)
  }

  @Test func `who has gone hears of no crowd, also while it is told too much`() async throws {
    let stage = try await Stage.set(limits: Self.limits)
    let group = try await stage.cast.group().id
    #expect(await say(1, in: group, on: stage, as: stage.ada) == nil)
    #expect(await say(1, in: group, on: stage, as: stage.bob) == nil)
    try await RemoveMember(conversation: group, user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    #expect(await say(9, in: group, on: stage, as: stage.bob) == .notFound(.conversation))
  }

  @Test func `changes of messages are paid for too, and those that change nothing are not`() async throws {
    let stage = try await Stage.set(limits: Self.limits)
    let group = try await stage.cast.group().id
    let message = try await SendMessage(conversation: group, text: "hi").run(in: stage.chat, as: stage.ada).message
    let edit = { (text: String) async throws in
      _ = try await EditMessage(message: message.id, text: text).run(in: stage.chat, as: stage.ada)
    }
    // By the first it is known to be a crowd.
    try await edit("a")
    try await edit("b")
    for _ in 0..<20 { try await edit("b") }
    try await edit("c")
    await refused(.rateLimited(retryAfter: 1_000)) { () throws(ChatError) in
      try await EditMessage(message: message.id, text: "d").run(in: stage.chat, as: stage.ada)
    }
    #expect(try await ShowMessage(message: message.id).run(in: stage.chat, as: stage.bob).text == "c")
  }

  @Test func `who comes, gets a role or gives another title pays, and who goes is let go all the same`() async throws {
    var limits = Self.limits
    limits.fanOutBurst = 10
    let stage = try await Stage.set(limits: limits)
    let square = try await stage.cast.square().id
    let (bob, eve) = (stage.bob.user, stage.eve.user)
    let join = { (caller: Caller) async throws(ChatError) in
      _ = try await PutMember(conversation: square, user: caller.user).run(in: stage.chat, as: caller)
    }
    // One member was no crowd, two are; what changes nothing costs nothing.
    try await join(stage.bob)
    try await join(stage.eve)
    for _ in 0..<20 { try await join(stage.eve) }
    _ = try await PutMember(conversation: square, user: bob, role: .admin).run(in: stage.chat, as: stage.ada)
    #expect(await say(2, in: square, on: stage, as: stage.ada) == nil)
    // 2 + 3 + 3 are paid, since the first message was not counted; two are left.
    let title = UpdateConversation(conversation: square, title: "Hall")
    await refused(.rateLimited(retryAfter: 500)) { () throws(ChatError) in
      try await title.run(in: stage.chat, as: stage.ada)
    }
    await refused(.rateLimited(retryAfter: 500)) { () throws(ChatError) in
      try await PutMember(conversation: square, user: eve, role: .admin).run(in: stage.chat, as: stage.ada)
    }
    let before = stage.publisher.entries.count
    try await RemoveMember(conversation: square, user: eve).run(in: stage.chat, as: stage.eve)
    #expect(stage.publisher.entries.count > before)
    stage.clock.advance(by: 3_000)
    for _ in 0..<20 { _ = try await title.run(in: stage.chat, as: stage.ada) }
  }

  @Test func `who comes to a crowd that is told all it may be is let in from a reserve, which is nobody else's`()
    async throws
  {
    let stage = try await Stage.set(limits: Self.limits)
    let square = try await stage.cast.square().id
    let join = { (caller: Caller) async throws(ChatError) in
      _ = try await PutMember(conversation: square, user: caller.user).run(in: stage.chat, as: caller)
    }
    try await join(stage.bob)
    #expect(await say(4, in: square, on: stage, as: stage.ada) == .rateLimited(retryAfter: 1_000))
    try await join(stage.eve)
    #expect(await say(1, in: square, on: stage, as: stage.ada) == .rateLimited(retryAfter: 1_000), "as before")
    try await RemoveMember(conversation: square, user: stage.eve.user).run(in: stage.chat, as: stage.eve)
    await refused(.rateLimited(retryAfter: 1_000)) { () throws(ChatError) in try await join(stage.eve) }
    // A tenth of two a second.
    stage.clock.advance(by: 900)
    #expect(await say(9, in: square, on: stage, as: stage.ada) == .rateLimited(retryAfter: 100))
    for _ in 1...9 {
      stage.clock.advance(by: 1_000)
      _ = await say(9, in: square, on: stage, as: stage.ada)
    }
    stage.clock.advance(by: 100)
    try await join(stage.eve)
  }

  @Test func `titles are paid for where nobody has written, too`() async throws {
    let stage = try await Stage.set(limits: Self.limits)
    let group = try await stage.cast.group().id
    // The first is not counted, and the next two take what there is.
    for title in ["A", "B", "C"] {
      _ = try await UpdateConversation(conversation: group, title: title).run(in: stage.chat, as: stage.ada)
    }
    await refused(.rateLimited(retryAfter: 1_000)) { () throws(ChatError) in
      try await UpdateConversation(conversation: group, title: "D").run(in: stage.chat, as: stage.ada)
    }
  }

  @Test func `strangers spend nothing of a crowd by asking to change it`() async throws {
    let stage = try await Stage.set(limits: Self.limits)
    let square = try await stage.cast.square().id
    _ = try await PutMember(conversation: square, user: stage.bob.user).run(in: stage.chat, as: stage.bob)
    for _ in 0..<20 {
      await refused(.forbidden(.notAMember)) { () throws(ChatError) in
        try await PutMember(conversation: square, user: stage.bob.user, role: .admin).run(in: stage.chat, as: stage.eve)
      }
      await refused(.notFound(.member)) { () throws(ChatError) in
        try await RemoveMember(conversation: square, user: stage.eve.user).run(in: stage.chat, as: stage.eve)
      }
    }
    #expect(await say(3, in: square, on: stage, as: stage.ada) == nil)
    #expect(await say(1, in: square, on: stage, as: stage.ada) == .rateLimited(retryAfter: 1_000))
  }

  @Test func `a crowd that nobody remembers is looked up again, and no more are remembered than may be`() async {
    let sizes = CrowdSizes(keysMax: 10)
    let ids = (1...100).compactMap { ConversationID(checking: Int64($0 << 12 | 7)) }
    for (moment, id) in ids.enumerated() {
      let now = Int64(moment) * 10
      #expect(await sizes.written(to: id, at: now) == .unimportant)
      #expect(await sizes.written(to: id, at: now + 1) == .wanted)
      #expect(await sizes.written(to: id, at: now + 1) == .members(0), "another looks")
      await sizes.learn(500, of: id, at: now + 1, isCrowd: true)
      #expect(await sizes.written(to: id, at: now + 60_000) == .members(500))
      #expect(await sizes.written(to: id, at: now + 60_001) == .wanted)
      #expect(await sizes.count <= 20)
    }
    #expect(await sizes.mayBeCrowd(in: ids[0].bucket))
    #expect(await sizes.written(to: ids[0], at: 2_000_000) == .unimportant)
  }

  @Test func `a crowd that is written to stays known as one, however many others are`() async throws {
    let sizes = CrowdSizes(keysMax: 10)
    let crowd = try #require(ConversationID(checking: 1 << 12 | 7))
    await sizes.learn(500, of: crowd, at: 0, isCrowd: true)
    for number in 2...100 {
      _ = await sizes.written(to: try #require(ConversationID(checking: Int64(number) << 12 | 8)), at: Int64(number))
      #expect(await sizes.mayBeCrowd(in: crowd.bucket), "\(number)")
      if number.isMultiple(of: 7) { #expect(await sizes.written(to: crowd, at: Int64(number)) == .members(500)) }
    }
    for number in 101...130 {
      _ = await sizes.written(to: try #require(ConversationID(checking: Int64(number) << 12 | 8)), at: Int64(number))
    }
    #expect(await !sizes.mayBeCrowd(in: crowd.bucket), "it was forgotten")
  }
}

/// A world that counts how often it was asked how somebody stands.
private final class CountedMessages: MessageStore {
  private let world: MemoryWorld
  private let asked = Mutex(0)
  var standings: Int { asked.withLock { $0 } }

  init(world: MemoryWorld) { self.world = world }

  func standing(of user: UserID, in id: ConversationID) async throws(ChatError) -> MemberStanding? {
    asked.withLock { $0 += 1 }
    return try await world.standing(of: user, in: id)
  }

  func message(_ id: EntryID, for reader: UserID) async throws(ChatError) -> Message? {
    try await world.message(id, for: reader)
  }

  func change(_ id: EntryID, _ change: MessageChange, by caller: UserID) async throws(ChatError) -> ChangedMessage {
    try await world.change(id, change, by: caller)
  }

  func markRead(_ id: ConversationID, _ user: UserID, upTo seq: Int64) async throws(ChatError) -> Bool {
    try await world.markRead(id, user, upTo: seq)
  }
}
