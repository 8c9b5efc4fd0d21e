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
  var pairs: [Pair: ContactPair] = [:]
  var acquaintances: [UserID: Set<UserID>] = [:]
  /// Entry `seq` of a conversation stands at index `seq - 1`. Beside the rows, so that changing a row copies no log.
  private(set) var logs: [ConversationID: [Entry]] = [:]
  var sent: [SendKey: EntryID] = [:]
  var reactions: [EntryID: Set<Reaction>] = [:]
  var shelf = FileShelf()
  /// Accounts that have ended and left something behind, when somebody last worked at it, and whether it was found by a
  /// look.
  var cleanups: [UserID: (tended: Timestamp, looks: Int)] = [:]
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
    var picture: String?
    let createdAt: Timestamp
    var deleted = false
    var members: [UserID: Member] = [:]
    /// The `seq` of the entry by which each has come.
    var joinedSeqs: [UserID: Int64] = [:]
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

  /// The message with that id, as it is now.
  func message(_ id: EntryID) -> Message? {
    guard let place = places[id], let log = logs[place.conversation], log.indices.contains(place.index) else {
      return nil
    }
    return log[place.index].event.message
  }

  /// The message with that id, if it was said in that conversation.
  func message(_ id: EntryID, in conversation: ConversationID) -> Message? {
    message(id).flatMap { $0.conversation == conversation ? $0 : nil }
  }

  /// Puts the message as it is now in the place of what it was.
  mutating func rewrite(_ message: Message) {
    guard let place = places[message.id], let old = logs[place.conversation]?[place.index] else { return }
    logs[place.conversation]?[place.index] = Entry(
      conversation: old.conversation, seq: old.seq, id: old.id, createdAt: old.createdAt, author: old.author,
      event: .messageCreated(message))
  }

  /// An entry as it is told: messages as they are now, wherever they are spoken of.
  func told(_ entry: Entry) -> Entry {
    let event: Event
    switch entry.event {
    case .messageCreated(let message): event = .messageCreated(message.told)
    case .messageEdited(let message): event = .messageEdited((self.message(message.id) ?? message).told)
    case .messageDeleted(let message): event = .messageDeleted((self.message(message.id) ?? message).told)
    default: return entry
    }
    return Entry(
      conversation: entry.conversation, seq: entry.seq, id: entry.id, createdAt: entry.createdAt, author: entry.author,
      event: event)
  }

  /// Makes a conversation: its `conversation.created`, and `conversation.joined` for everyone who is not its only self.
  mutating func makeConversation(
    _ kind: ConversationKind, in bucket: Bucket, title: String?, picture: String? = nil, members: [Member],
    by author: Author, at now: Timestamp
  ) -> (ConversationRow, Made) {
    let id = ConversationID(counter: nextIdentifier(), bucket: bucket)
    return make(id, kind, title: title, picture: picture, members: members, by: author, at: now)
  }

  /// The same under a given id.
  mutating func make(
    _ id: ConversationID, _ kind: ConversationKind, title: String?, picture: String?, members: [Member],
    by author: Author, at now: Timestamp
  ) -> (ConversationRow, Made) {
    var row = ConversationRow(id: id, kind: kind, title: title, picture: picture, createdAt: now)
    for member in members {
      row.members[member.user] = member
      row.joinedSeqs[member.user] = 1
    }
    let created = Conversation(
      id: id, kind: kind, title: title, picture: picture, head: 1, createdAt: now,
      members: members.sorted { $0.user < $1.user },
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
  /// What is told of it to that user, with its first members.
  func told(members limit: Int, for reader: UserID) -> Conversation {
    let first = members.keys.sorted().prefix(max(0, limit)).compactMap { members[$0] }
    return Conversation(
      id: id, kind: kind, title: title, picture: picture, head: head, createdAt: createdAt, members: first,
      memberCount: members.count, readSeq: members[reader]?.readSeq ?? 0)
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
