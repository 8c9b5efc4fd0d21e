import ChatCore
import Postgres

/// Making conversations: a transaction over the bucket of the conversation and those of its members, named "membership"
/// in reliability.md's rule R4. All buckets are locked first, in ascending order.
extension PostgresConversations {
  static let direct = Statement(
    "conversations.direct",
    "SELECT c.id FROM conversation c WHERE c.bucket = $1 AND c.direct_low = $2 AND c.direct_high = $3", repeatable: true
  )

  static let makingStatements = [direct]

  /// The direct conversation of two users, made when there is none.
  public func openDirect(_ caller: User, _ other: User, most: Int) async throws(ChatError) -> (
    conversation: Conversation, made: Made?
  ) {
    let key = ContactPair(caller.id, other.id)
    let lookup = ContactRows.key(key)
    let before = try await failure.translating { () throws(PostgresError) -> (Row?, ConversationID) in
      let row = try await pool.query(Self.direct, lookup).first
      return (row, ConversationID(counter: row == nil ? try await ids.next(.conversation) : 0, bucket: key.bucket))
    }
    if let row = before.0 { return (try await found(row, by: caller.id), nil) }
    let users = [caller, other].sorted { $0.id < $1.id }
    let buckets = Set([key.bucket.number] + users.map(\.id.bucket.number))
    let outcome = try await pool.transaction(locking: buckets, failing: { failure($0) }) {
      (transaction) throws(ChatError) -> MakingOutcome in
      let begin =
        WritePlan.locks([key.bucket] + users.map(\.id.bucket)) + [
          (PostgresContacts.pair, lookup), (Self.direct, lookup),
        ]
      let all = try await failure.translating { () throws(PostgresError) in
        try await transaction.all(begin + Self.entering(users, byOwnWish: users.map(\.id), most: most))
      }
      let answers = all.dropLast(users.count)
      // Looked up again under the lock: who was first stays first.
      if let row = answers.last?.first { return .found(row) }
      let (pair, moment) = try failure.reading { () throws(PostgresError) in
        let row = answers.dropLast().last?.first
        return (try row.map(ContactRows.pair) ?? key, try Self.moment(answers.dropLast(2).last))
      }
      try ContactRules.checkWriting(pair, by: caller.id, at: moment)
      // One conversation a stranger: his friends are to reach him when others have filled the rest.
      try checkEntering(all.suffix(users.count), of: users, byOwnWish: users.map(\.id), most: most)
      let new = Conversation(
        id: before.1, kind: .direct, title: nil, head: 1, createdAt: moment,
        members: users.map { Member(user: $0.id, username: $0.username, role: .member) }, memberCount: 2)
      return try await failure.translating { () throws(PostgresError) in
        .made(
          new,
          try await Self.make(new, pair: (key.low, key.high), users: users, by: caller, in: transaction))
      }
    }
    switch outcome {
    case .found(let row): return (try await found(row, by: caller.id), nil)
    case .made(let conversation, let made): return (conversation, made)
    }
  }

  /// The direct conversation of two users; nil when there is none.
  public func direct(_ one: UserID, _ other: UserID) async throws(ChatError) -> ConversationID? {
    try await failure.translating { () throws(PostgresError) in
      let row = try await pool.query(Self.direct, ContactRows.key(ContactPair(one, other))).first
      return try row.map { (row) throws(PostgresError) in ConversationID(rawValue: try row.int8(0)) }
    }
  }

  private enum MakingOutcome {
    case found(Row)
    case made(Conversation, Made)
  }

  private func found(_ row: Row, by caller: UserID) async throws(ChatError) -> Conversation {
    try await failure.translating { () throws(PostgresError) in
      let id = ConversationID(rawValue: try row.int8(0))
      let rows = try await pool.query(Self.standing, Self.standing(of: caller, and: caller, in: id))
      guard let row = rows.first, let shown = try await show([Standing(row).conversation], members: 2).first else {
        throw .unexpectedReply("the direct conversation is gone")
      }
      return shown
    }
  }

  /// Makes a group or public conversation with its owner and members.
  public func create(
    _ kind: ConversationKind, title: String, picture: String?, owner: User, members: [User], most: Int
  ) async throws(ChatError) -> (conversation: Conversation, made: Made) {
    let number = try await failure.translating { () throws(PostgresError) in try await ids.next(.conversation) }
    // Multiplied by an odd number, so that rooms made one after the other lie in buckets far apart.
    let bucket = Bucket(folding: UInt64(bitPattern: number) &* 2_654_435_761 >> 7)
    let users = ([owner] + members).sorted { $0.id < $1.id }
    let rows = users.map { Member(user: $0.id, username: $0.username, role: $0.id == owner.id ? .owner : .member) }
    let locks = WritePlan.locks([bucket] + users.map(\.id.bucket))
    let asked = members.map { (PostgresContacts.blocks, PostgresContacts.blocking($0.id, owner.id)) }
    let buckets = Set([bucket.number] + users.map(\.id.bucket.number))
    return try await pool.transaction(locking: buckets, failing: { failure($0) }) { (transaction) throws(ChatError) in
      let answers = try await failure.translating { () throws(PostgresError) in
        try await transaction.all(locks + asked + Self.entering(users, byOwnWish: [owner.id], most: most))
      }
      let blocks = answers.dropFirst(locks.count).prefix(asked.count)
      if blocks.contains(where: { $0.first != nil }) { throw .forbidden(.blocked) }
      try checkEntering(answers.suffix(users.count), of: users, byOwnWish: [owner.id], most: most)
      return try await failure.translating { () throws(PostgresError) in
        let new = Conversation(
          id: ConversationID(counter: number, bucket: bucket), kind: kind, title: title, picture: picture,
          head: 1, createdAt: try Self.moment(answers.prefix(locks.count).last), members: rows, memberCount: rows.count)
        return (new, try await Self.make(new, pair: nil, users: users, by: owner, in: transaction))
      }
    }
  }

  static func moment(_ answer: Rows?) throws(PostgresError) -> Timestamp {
    guard let row = answer?.first else { throw .unexpectedReply("no moment") }
    return Timestamp(milliseconds: try row.time(0))
  }

  /// Stores a conversation and tells its members, under the locks of all their buckets.
  static func make(
    _ new: Conversation, pair: (low: UserID, high: UserID)?, users: [User], by maker: User,
    in transaction: PostgresTransaction
  ) async throws(PostgresError) -> Made {
    var plan = WritePlan(at: new.createdAt)
    plan.make(new, pair: pair, by: maker.author)
    for user in users { plan.tellJoined(user, new.id, seq: 1, by: maker.author) }
    return try await plan.carryOut(in: transaction)
  }
}
