import ChatCore
import Delivery
import MemoryAdapters
import TestKit
import Testing

/// One hub on a virtual loop, a world in memory, and a broker that does what the test says.
final class HubStage {
  let time = VirtualTime()
  let world: MemoryWorld
  let log: SlowLog
  let contacts: SlowContacts
  let broker = HandBroker()
  let loop: VirtualLoop
  let hub: Hub
  let ada: User
  let bob: User

  init(limits: DeliveryLimits = DeliveryLimits(), presence: any PresenceDirectory = NoPresence()) throws {
    let time = time
    let world = MemoryWorld(clock: VirtualClock(time))
    self.world = world
    log = SlowLog(world, time)
    contacts = SlowContacts(world, time)
    loop = VirtualLoop(time: time, seed: 1)
    hub = Hub(
      ports: loop, broker: broker, log: log, conversations: world, contacts: contacts, signIns: world,
      presence: presence, limits: limits)
    ada = try #require(time.finish { await HubStage.register("ada", in: world) } ?? nil)
    bob = try #require(time.finish { await HubStage.register("bob", in: world) } ?? nil)
    hub.start()
  }

  private static func register(_ name: String, in world: MemoryWorld) async -> User? {
    try? await world.register(
      NewUser(username: Username(stored: name), displayName: name, email: nil, passwordHash: ""))
  }

  func register(_ name: String) throws -> User {
    let world = world
    return try #require(time.finish { await HubStage.register(name, in: world) } ?? nil)
  }

  func group(_ title: String = "Room", owner: User? = nil, members: [User]? = nil) throws -> ConversationID {
    let (world, owner, members) = (world, owner ?? ada, members ?? [bob])
    let made = time.finish { try? await world.create(.group, title: title, owner: owner, members: members) }
    return try #require(made ?? nil).conversation.id
  }

  /// Rooms until so many lie in the bucket of the first, which is returned.
  func neighbours(_ count: Int) throws -> ConversationID {
    let room = try group()
    var rooms = 1
    while rooms < count { rooms += try group().bucket == room.bucket ? 1 : 0 }
    return room
  }

  /// What of the bucket Bob is in.
  func rooms(in bucket: Bucket) throws -> [ConversationID] {
    let (world, bob) = (world, bob.id)
    let heads = time.finish { try? await world.heads(of: bob) }
    return try #require(heads ?? nil).known.keys.filter { $0.bucket == bucket }.sorted()
  }

  /// Stores a message; the broker is told only when the test does it.
  @discardableResult
  func say(_ text: String, in id: ConversationID, by user: User? = nil) throws -> Entry {
    let (world, sender) = (world, (user ?? ada).id)
    let done = time.finish { () async -> Entry? in
      let message = NewMessage(
        conversation: id, sender: sender, type: .text, text: text, clientMessageID: nil, replyTo: nil)
      guard let stored = try? await world.append(message) else { return nil }
      return try? await world.entries(of: id, after: stored.message.seq - 1, limit: 1).first
    }
    return try #require(done ?? nil)
  }

  func change(_ id: ConversationID, _ change: MembershipChange, of user: User, by caller: User) throws -> Made {
    let world = world
    let done = time.finish { try? await world.change(id, change, of: user, by: caller, limit: 256) }
    return try #require((done ?? nil)?.made)
  }

  func session(of user: User, signIn: Int64 = 1, format: WireFormat = .plain) -> Ear {
    let ear = Ear()
    ear.seat = hub.attach(
      ear, user: user.id, signIn: SessionID(rawValue: signIn), ownConversation: user.ownConversation, format: format)
    return ear
  }

  /// A session that has resumed.
  func listener(_ user: User, have: [ConversationID: Int64] = [:], signIn: Int64 = 1) throws -> Ear {
    let ear = session(of: user, signIn: signIn)
    resume(ear, have: have)
    time.run(for: 20)
    _ = try #require(ear.outcome)
    return ear
  }

  func resume(_ ear: Ear, have: [ConversationID: Int64] = [:]) {
    guard let seat = ear.seat else { return }
    hub.resume(seat, heads: have) { [weak ear] outcome in
      ear?.outcome = outcome
      ear?.heardAtOutcome = ear?.heard.count
    }
  }
}

/// A session that writes down what it is told.
final class Ear: SessionPort {
  var seat: HubSession?
  var heard: [String] = []
  var outcome: ResumeOutcome?
  var heardAtOutcome: Int?
  var ended: EndReason?
  private(set) var endedWatching: [UserID] = []
  private(set) var available: [String] = []
  /// When it does not read, what it is sent stays in its queue.
  var reads = true
  private(set) var queuedBytes = 0

  func deliver(_ frame: EncodedFrame) -> Int {
    heard.append(String(decoding: frame.bytes.prefix { $0 != 0 }, as: UTF8.self))
    if !reads { queuedBytes += frame.bytes.count }
    return queuedBytes
  }

  func drain() { queuedBytes = 0 }

  func end(_ reason: EndReason) { ended = reason }

  func watchingEnded(_ users: [UserID]) { endedWatching += users }

  func available(_ conversation: ConversationID, head: Int64, isBehind: Bool) {
    available.append("\(conversation.rawValue):\(head)" + (isBehind ? " behind" : ""))
    heard.append("\(conversation.rawValue):available")
  }

  /// The numbers of what it heard of that conversation, in order.
  func seqs(_ id: ConversationID) -> [Int64] {
    heard.compactMap { line in
      let parts = line.split(separator: ":")
      return parts.first == "\(id.rawValue)" ? parts.dropFirst().first.flatMap { Int64($0) } : nil
    }
  }
}

extension WireFormat {
  /// `conversation:seq:name`, and then the text to give it a size.
  static let plain = WireFormat(
    name: "plain",
    entry: { entry in
      var bytes = Array("\(entry.conversation.rawValue):\(entry.seq):\(entry.event.name)".utf8)
      if case .messageCreated(let message) = entry.event { bytes += [0] + Array(message.text.utf8) }
      return bytes
    },
    signal: { Array("\($0)".utf8) }, presence: { Array("\($0.user.rawValue) \($0.status)".utf8) })
}

/// A broker that follows at once or when told, and says what the test says.
final class HandBroker: Broker, @unchecked Sendable {
  private(set) weak var receiver: (any BrokerReceiver)?
  private(set) var followed: [Topic] = []
  private(set) var unfollowed: [Topic] = []
  var confirms = true

  func attach(_ receiver: any BrokerReceiver) { self.receiver = receiver }

  func follow(_ topic: Topic) {
    followed.append(topic)
    if confirms { receiver?.following(topic) }
  }

  func unfollow(_ topic: Topic) { unfollowed.append(topic) }

  func publish(_ entries: [Entry]) { receiver?.received(entries) }

  func announce(_ signal: Signal) { receiver?.received(signal) }

  func interrupt(_ what: Interruption = .whole) { receiver?.interrupted(what) }

  func confirmAll() { for topic in followed { receiver?.following(topic) } }
}

/// The log of a world, with a latency, counts of what was asked, and failures on demand.
final class SlowLog: LogStore, @unchecked Sendable {
  /// Another one, and another number, when another server takes over.
  var world: MemoryWorld
  var server: Int64 = 0
  private let time: VirtualTime
  var latency: Milliseconds = 1
  var isAway = false
  /// How long who asks for counters waits in vain before he is told so; 0 when he is answered.
  var hangsFor: Milliseconds = 0
  /// Buckets on a machine of the log's that is away.
  var gone: Set<Bucket> = []
  private(set) var pagesRead = 0
  /// The heads as of which pages of the past were asked for, which may come from a copy.
  private(set) var pastHeads: [Int64] = []
  private(set) var atOnce = 0
  private(set) var mostAtOnce = 0
  private(set) var headStatements = 0
  private(set) var counterStatements = 0
  private(set) var entryStatements = 0
  /// Whether it can say cheaply what has come since.
  var tellsEntries = true
  var entriesFail = false
  /// Numbers of entries whose rows somebody has taken out.
  var missing: Set<Int64> = []
  /// The same of what a copy lacks besides.
  var missingInCopy: Set<Int64> = []

  init(_ world: MemoryWorld, _ time: VirtualTime) {
    self.world = world
    self.time = time
  }

  private func wait() async throws(ChatError) {
    await time.sleep(latency)
    if isAway { throw .unavailable(.database, retryAfter: 1_000) }
  }

  func append(_ message: NewMessage) async throws(ChatError) -> Appended { try await world.append(message) }

  func message(
    by sender: UserID, clientMessageID: String, in conversation: ConversationID
  ) async throws(ChatError) -> Message? {
    try await world.message(by: sender, clientMessageID: clientMessageID, in: conversation)
  }

  func entries(of conversation: ConversationID, after: Int64, limit: Int) async throws(ChatError) -> [Entry] {
    pagesRead += 1
    atOnce += 1
    mostAtOnce = max(mostAtOnce, atOnce)
    defer { atOnce -= 1 }
    try await wait()
    let entries = try await world.entries(of: conversation, after: after, limit: limit + missing.count)
    return Array(entries.filter { !missing.contains($0.seq) }.prefix(limit))
  }

  func entries(
    of conversation: ConversationID, after: Int64, limit: Int, asOf head: Int64
  ) async throws(ChatError) -> [Entry] {
    pastHeads.append(head)
    let entries = try await entries(of: conversation, after: after, limit: limit + missingInCopy.count)
    return Array(entries.filter { $0.seq <= head && !missingInCopy.contains($0.seq) }.prefix(limit))
  }

  func messages(of conversation: ConversationID, page: Page, limit: Int) async throws(ChatError) -> [Message] {
    try await world.messages(of: conversation, page: page, limit: limit)
  }

  func history(
    of conversation: ConversationID, for reader: UserID, page: Page, limit: Int
  ) async throws(ChatError) -> (head: Int64, messages: MessageList)? {
    try await world.history(of: conversation, for: reader, page: page, limit: limit)
  }

  func counters(of buckets: [Bucket]) async throws(ChatError) -> [Bucket: BucketCounter] {
    counterStatements += 1
    if hangsFor > 0 {
      await time.sleep(hangsFor)
      throw .unavailable(.database, retryAfter: 1_000)
    }
    try await wait()
    let told = try await world.counters(of: buckets.filter { !gone.contains($0) })
    return told.mapValues { BucketCounter(newest: $0.newest, server: server) }
  }

  func heads(after counters: [Bucket: Int64]) async throws(ChatError) -> [ConversationID: Int64]? {
    guard tellsEntries else { return nil }
    entryStatements += 1
    try await wait()
    if entriesFail || !gone.isDisjoint(with: counters.keys) { throw .unavailable(.database, retryAfter: 1_000) }
    return try await world.heads(after: counters)
  }

  func heads(of conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Int64] {
    headStatements += 1
    try await wait()
    if conversations.contains(where: { gone.contains($0.bucket) }) { throw .unavailable(.database, retryAfter: 1_000) }
    return try await world.heads(of: conversations)
  }
}
