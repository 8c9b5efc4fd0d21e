import ChatCore

/// Everything that a memory world remembers; plain values and the few steps that all its stores share.
///
/// - Isolation: none of its own; ``MemoryWorld`` holds it behind its lock, so that each step is a transaction.
struct Ledger {
  var users: [UserID: UserRow] = [:]
  var userByKey: [String: UserID] = [:]
  var sessions: [SessionID: SessionRow] = [:]
  var sessionsOfUser: [UserID: [SessionID]] = [:]
  var conversations: [ConversationID: ConversationRow] = [:]
  var directs: [Pair: ConversationID] = [:]
  var conversationsOfUser: [UserID: Set<ConversationID>] = [:]
  /// Entry `seq` of a conversation stands at index `seq - 1`. Beside the rows, so that changing a row copies no log.
  private(set) var logs: [ConversationID: [Entry]] = [:]
  var sent: [SendKey: EntryID] = [:]
  private var places: [EntryID: (conversation: ConversationID, index: Int)] = [:]
  private var counters: [Bucket: Int64] = [:]
  private var lastIdentifier: Int64 = Ledger.firstIdentifier

  /// Above 2,442, so that every user id has at least eight digits.
  private static let firstIdentifier: Int64 = 4096

  struct UserRow {
    var user: User
    let key: String
    var passwordHash: String
    var isGone = false
  }

  struct SessionRow {
    var session: Session
    let nonce: [UInt8]
    var generation: Int64 = 1
    var rotatedAt: Timestamp
    var ended = false
  }

  struct ConversationRow {
    let id: ConversationID
    let kind: ConversationKind
    var title: String?
    let createdAt: Timestamp
    var deleted = false
    var members: [UserID: Member] = [:]
    var head: Int64 = 0
  }

  struct Pair: Hashable {
    let low: UserID
    let high: UserID

    init(_ one: UserID, _ other: UserID) {
      low = min(one, other)
      high = max(one, other)
    }
  }

  /// Under which a repeated send is found. Bytes, because Swift takes canonically equal strings for equal and a
  /// database does not.
  struct SendKey: Hashable {
    let conversation: ConversationID
    let sender: UserID
    let clientMessageID: [UInt8]
  }

  /// A user whose account has not been deleted.
  func living(_ user: UserID) -> UserRow? {
    guard let row = users[user], !row.isGone else { return nil }
    return row
  }

  /// A new number for a user, session or conversation id.
  mutating func nextIdentifier() -> Int64 {
    lastIdentifier += 1
    return lastIdentifier
  }

  /// The counter of the bucket's newest entry.
  func counter(of bucket: Bucket) -> Int64 { counters[bucket] ?? 0 }

  /// Puts an event at the end of a log: the next `seq` of the conversation and the next counter of its bucket.
  ///
  /// The event is made from its place, because a message carries its own id and `seq`.
  mutating func write(
    _ row: inout ConversationRow, by author: Author, at now: Timestamp, _ event: (EntryID, Int64) -> Event
  ) -> Entry {
    let bucket = row.id.bucket
    let counter = (counters[bucket] ?? 0) + 1
    counters[bucket] = counter
    let id = EntryID(counter: counter, bucket: bucket)
    row.head += 1
    let seq = row.head
    let entry = Entry(
      conversation: row.id, seq: seq, id: id, createdAt: now, author: author, event: event(id, seq))
    places[id] = (row.id, logs[row.id]?.count ?? 0)
    logs[row.id, default: []].append(entry)
    return entry
  }

  /// The message with that id, if it was said in that conversation.
  func message(_ id: EntryID, in conversation: ConversationID) -> Message? {
    guard let place = places[id], place.conversation == conversation, let log = logs[conversation],
      log.indices.contains(place.index)
    else { return nil }
    return log[place.index].event.message
  }

  /// Makes a conversation: its `conversation.created`, and `conversation.joined` for everyone who is not its only self.
  mutating func makeConversation(
    _ kind: ConversationKind, in bucket: Bucket, title: String?, members: [Member], by author: Author, at now: Timestamp
  ) -> (ConversationRow, Made) {
    let id = ConversationID(counter: nextIdentifier(), bucket: bucket)
    return make(id, kind, title: title, members: members, by: author, at: now)
  }

  /// The same under a given id.
  mutating func make(
    _ id: ConversationID, _ kind: ConversationKind, title: String?, members: [Member], by author: Author,
    at now: Timestamp
  ) -> (ConversationRow, Made) {
    var row = ConversationRow(id: id, kind: kind, title: title, createdAt: now)
    for member in members { row.members[member.user] = member }
    let created = Conversation(
      id: id, kind: kind, title: title, head: 1, createdAt: now, members: members.sorted { $0.user < $1.user },
      memberCount: members.count)
    var made = [write(&row, by: author, at: now) { _, _ in .conversationCreated(created) }]
    conversations[id] = row
    for member in created.members {
      conversationsOfUser[member.user, default: []].insert(id)
      guard kind != .self else { continue }
      made += tellOwn(member.user, .joined(id, seq: 1), by: author, at: now)
    }
    return (row, made)
  }

  /// Writes into a user's self conversation.
  mutating func tellOwn(_ user: UserID, _ event: Event, by author: Author, at now: Timestamp) -> Made {
    guard let own = users[user]?.user.ownConversation, var row = conversations[own] else { return [] }
    let entry = write(&row, by: author, at: now) { _, _ in event }
    conversations[own] = row
    return [entry]
  }

  /// A conversation that is there and not deleted.
  func living(_ id: ConversationID) throws(ChatError) -> ConversationRow {
    guard let row = conversations[id], !row.deleted else { throw .notFound(.conversation) }
    return row
  }
}

extension Ledger.ConversationRow {
  /// What is told of it, with its first members.
  func told(members limit: Int) -> Conversation {
    let first = members.keys.sorted().prefix(max(0, limit)).compactMap { members[$0] }
    return Conversation(
      id: id, kind: kind, title: title, head: head, createdAt: createdAt, members: first, memberCount: members.count)
  }
}

extension Event {
  /// The message that was said, if that is what happened.
  var message: Message? {
    if case .messageCreated(let message) = self { message } else { nil }
  }
}

extension User {
  /// As he is named in entries.
  var author: Author { Author(id: id, username: username) }
}
