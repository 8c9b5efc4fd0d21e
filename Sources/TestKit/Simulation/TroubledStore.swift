import ChatCore
import MemoryAdapters

/// A world whose statements are troubled.
///
/// - Isolation: one ``VirtualTime``.
final class TroubledStore: @unchecked Sendable {
  /// What kind of statement it is.
  enum Statement: Hashable, CaseIterable {
    case counters, heads, page, snapshot, read, write
  }

  private let world: MemoryWorld
  private let troubles: any StoreTroubles

  init(_ world: MemoryWorld, _ troubles: any StoreTroubles) {
    self.world = world
    self.troubles = troubles
  }

  private func read<Result>(
    _ kind: Statement = .read, _ statement: () async throws(ChatError) -> Result
  ) async throws(ChatError) -> Result {
    try await troubles.setsOut(kind)
    let result: Result
    do throws(ChatError) {
      result = try await statement()
    } catch {
      try await troubles.comesBack(kind)
      throw error
    }
    try await troubles.comesBack(kind)
    return result
  }

  /// A statement for what lies in that bucket, whose machine may be away.
  private func read<Result>(
    _ kind: Statement = .read, in bucket: Bucket, _ statement: () async throws(ChatError) -> Result
  ) async throws(ChatError) -> Result {
    try await read(kind) { () async throws(ChatError) in
      if world.absentBuckets.contains(bucket) { throw .unavailable(.database, retryAfter: 100) }
      return try await statement()
    }
  }

  private func write<Result>(
    _ statement: () async throws(ChatError) -> Result
  ) async throws(ChatError) -> Result {
    try await read(.write, statement)
  }
}

extension TroubledStore: LogStore {
  func append(_ message: NewMessage) async throws(ChatError) -> Appended {
    try await read(.write, in: message.conversation.bucket) { () async throws(ChatError) in
      try await world.append(message)
    }
  }

  func message(
    by sender: UserID, clientMessageID: String, in conversation: ConversationID
  ) async throws(ChatError) -> Message? {
    try await read { () async throws(ChatError) in
      try await world.message(by: sender, clientMessageID: clientMessageID, in: conversation)
    }
  }

  func entries(of conversation: ConversationID, after: Int64, limit: Int) async throws(ChatError) -> [Entry] {
    try await read(.page, in: conversation.bucket) { () async throws(ChatError) in
      try await world.entries(of: conversation, after: after, limit: limit)
    }
  }

  func messages(of conversation: ConversationID, page: Page, limit: Int) async throws(ChatError) -> [Message] {
    try await read { () async throws(ChatError) in
      try await world.messages(of: conversation, page: page, limit: limit)
    }
  }

  func history(
    of conversation: ConversationID, for reader: UserID, page: Page, limit: Int
  ) async throws(ChatError) -> (head: Int64, messages: MessageList)? {
    try await read { () async throws(ChatError) in
      try await world.history(of: conversation, for: reader, page: page, limit: limit)
    }
  }

  func counters(of buckets: [Bucket]) async throws(ChatError) -> [Bucket: BucketCounter] {
    try await read(.counters) { () async throws(ChatError) in try await world.counters(of: buckets) }
  }

  func heads(of conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Int64] {
    try await read(.heads) { () async throws(ChatError) in
      let absent = world.absentBuckets
      if conversations.contains(where: { absent.contains($0.bucket) }) {
        throw .unavailable(.database, retryAfter: 100)
      }
      return try await world.heads(of: conversations)
    }
  }

  func heads(after counters: [Bucket: Int64]) async throws(ChatError) -> [ConversationID: Int64]? {
    try await read(.heads) { () async throws(ChatError) in
      guard world.absentBuckets.isDisjoint(with: counters.keys) else {
        throw .unavailable(.database, retryAfter: 100)
      }
      return try await world.heads(after: counters)
    }
  }
}

extension TroubledStore: ConversationStore {
  func direct(_ one: UserID, _ other: UserID) async throws(ChatError) -> ConversationID? {
    try await read { () async throws(ChatError) in try await world.direct(one, other) }
  }
  func openDirect(
    _ caller: User, _ other: User, most: Int
  ) async throws(ChatError) -> (conversation: Conversation, made: Made?) {
    try await write { () async throws(ChatError) in try await world.openDirect(caller, other, most: most) }
  }

  func create(
    _ kind: ConversationKind, title: String, picture: String?, owner: User, members: [User], most: Int
  ) async throws(ChatError) -> (conversation: Conversation, made: Made) {
    try await write { () async throws(ChatError) in
      try await world.create(kind, title: title, picture: picture, owner: owner, members: members, most: most)
    }
  }

  func conversation(
    _ id: ConversationID, for reader: UserID, members: Int
  ) async throws(ChatError) -> Conversation? {
    try await read(in: id.bucket) { () async throws(ChatError) in
      try await world.conversation(id, for: reader, members: members)
    }
  }

  func conversations(
    of user: UserID, after: ConversationID?, limit: Int, members: Int
  ) async throws(ChatError) -> [Conversation] {
    try await read { () async throws(ChatError) in
      try await world.conversations(of: user, after: after, limit: limit, members: members)
    }
  }

  func relations(of user: UserID, to others: [UserID]) async throws(ChatError) -> [UserID: Relation] {
    try await world.relations(of: user, to: others)
  }

  func heads(of user: UserID) async throws(ChatError) -> UserHeads {
    // His list lies with him.
    try await read(.snapshot, in: user.bucket) { () async throws(ChatError) in try await world.heads(of: user) }
  }

  func members(of id: ConversationID, after: UserID?, limit: Int) async throws(ChatError) -> [Member] {
    try await read { () async throws(ChatError) in try await world.members(of: id, after: after, limit: limit) }
  }

  func change(
    _ id: ConversationID, _ change: MembershipChange, of subject: User, by caller: User, limit: Int, most: Int
  ) async throws(ChatError) -> (member: Member?, made: Made?) {
    try await write { () async throws(ChatError) in
      try await world.change(id, change, of: subject, by: caller, limit: limit, most: most)
    }
  }

  func update(
    _ id: ConversationID, title: String?, picture: String??, by caller: User
  ) async throws(ChatError) -> (conversation: Conversation, made: Made?) {
    try await write { () async throws(ChatError) in
      try await world.update(id, title: title, picture: picture, by: caller)
    }
  }

  func delete(_ id: ConversationID, by caller: User) async throws(ChatError) -> Made {
    try await write { () async throws(ChatError) in try await world.delete(id, by: caller) }
  }
}

extension TroubledStore: MessageStore {
  func message(_ id: EntryID, for reader: UserID) async throws(ChatError) -> Message? {
    try await read { () async throws(ChatError) in try await world.message(id, for: reader) }
  }

  func change(_ id: EntryID, _ change: MessageChange, by caller: UserID) async throws(ChatError) -> ChangedMessage {
    try await write { () async throws(ChatError) in try await world.change(id, change, by: caller) }
  }

  func standing(of user: UserID, in id: ConversationID) async throws(ChatError) -> MemberStanding? {
    try await read { () async throws(ChatError) in try await world.standing(of: user, in: id) }
  }

  func markRead(_ id: ConversationID, _ user: UserID, upTo seq: Int64) async throws(ChatError) -> Bool {
    try await write { () async throws(ChatError) in try await world.markRead(id, user, upTo: seq) }
  }
}
