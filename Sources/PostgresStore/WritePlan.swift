import ChatCore
import EntryText
import Postgres

/// The writes of one transaction, gathered while its rules are decided and sent in one round trip.
struct WritePlan {
  /// Locks a bucket's log. A transaction over several buckets locks them in ascending order, before anything else.
  static let lock = Statement("log.lock", "SELECT q.head FROM bucket_seq q WHERE q.bucket = $1 FOR UPDATE")
  static let moment = Statement("log.moment", "SELECT date_trunc('milliseconds', clock_timestamp())")
  static let append = Statement("log.append", "SELECT seq, id FROM append_entry($1, $2, $3, $4, $5, $6, $7)")
  static let makeConversation = Statement(
    "conversations.make",
    """
    INSERT INTO conversation
      (bucket, id, kind, title, direct_low, direct_high, head, member_count, created_at, picture)
    VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)
    """)
  static let addMembers = Statement(
    "members.add",
    """
    INSERT INTO member (bucket, conversation, user_id, username, role, joined_seq)
    SELECT $1, $2, new.user_id, new.username, new.role, $6
    FROM unnest($3::bigint[], $4::text[], $5::text[]) AS new (user_id, username, role)
    """)
  static let list = Statement(
    "conversations.list", "INSERT INTO user_conversation (bucket, user_id, conversation) VALUES ($1, $2, $3)")

  static let statements = [lock, moment, append, makeConversation, addMembers, list]

  /// When the transaction had its locks, by the database's clock.
  let moment: Timestamp
  private var writes: [(statement: Statement, parameters: [Parameter])] = []
  private var appended: [(write: Int, conversation: ConversationID, author: Author, event: Event)] = []

  init(at moment: Timestamp) { self.moment = moment }

  /// What a transaction over those buckets begins with; its answers are dropped up to the last one, the moment.
  static func locks(_ buckets: [Bucket]) -> [(statement: Statement, parameters: [Parameter])] {
    Set(buckets).sorted().map { (lock, [.int2($0.number)]) } + [(moment, [])]
  }

  mutating func add(_ statement: Statement, _ parameters: [Parameter]) { writes.append((statement, parameters)) }

  /// Puts an event at the end of a log; `detail` is what the log keeps of it, where that is not all that is told.
  mutating func append(
    _ event: Event, to conversation: ConversationID, by author: Author, keeping detail: Event? = nil
  ) {
    appended.append((writes.count, conversation, author, event))
    add(
      Self.append,
      [
        .int2(conversation.bucket.number), .int8(conversation.rawValue), .int2(EventCode.number(of: event)),
        .int8(author.id.rawValue), .text(author.username),
        .text(String(decoding: EntryText.detail(of: detail ?? event), as: UTF8.self)), .time(moment.milliseconds),
      ])
  }

  /// Makes a conversation with its members, whose first entry is its `conversation.created`.
  mutating func make(_ conversation: Conversation, pair: (low: UserID, high: UserID)? = nil, by author: Author) {
    add(
      Self.makeConversation,
      [
        .int2(conversation.id.bucket.number), .int8(conversation.id.rawValue), .text(conversation.kind.rawValue),
        .text(conversation.title), .int8(pair?.low.rawValue), .int8(pair?.high.rawValue),
        .int8(Int64(conversation.memberCount)), .time(moment.milliseconds), .text(conversation.picture),
      ])
    add(conversation.members, to: conversation.id, joinedSeq: 1)
    append(.conversationCreated(conversation), to: conversation.id, by: author)
  }

  /// Adds members, by the entry with that `seq`.
  mutating func add(_ members: [Member], to conversation: ConversationID, joinedSeq: Int64) {
    add(
      Self.addMembers,
      [
        .int2(conversation.bucket.number), .int8(conversation.rawValue), .int8s(members.map(\.user.rawValue)),
        .texts(members.map(\.username)), .texts(members.map(\.role.rawValue)), .int8(joinedSeq),
      ])
  }

  /// Tells a user in his own log, and in his list, that he is now in a conversation.
  mutating func tellJoined(_ user: User, _ conversation: ConversationID, seq: Int64, by author: Author) {
    add(Self.list, [.int2(user.id.bucket.number), .int8(user.id.rawValue), .int8(conversation.rawValue)])
    append(.joined(conversation, seq: seq), to: user.ownConversation, by: author)
  }

  /// Sends all of it and gives the entries as they were stored.
  func carryOut(in transaction: PostgresTransaction) async throws(PostgresError) -> Made {
    let answers = try await transaction.all(writes)
    var made: Made = []
    for (write, conversation, author, event) in appended {
      guard answers.indices.contains(write), let row = answers[write].first else { continue }
      made.append(
        Entry(
          conversation: conversation, seq: try row.int8(0), id: EntryID(rawValue: try row.int8(1)), createdAt: moment,
          author: author, event: event))
    }
    return made
  }
}

extension User {
  /// As he is named in entries.
  var author: Author { Author(id: id, username: username) }
}
