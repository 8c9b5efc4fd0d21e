import ChatCore
import Postgres

/// Conversations and messages as they were. Those of many members lock all their buckets, in ascending order, as making
/// one does; messages lock those of their conversations.
extension PostgresImport {
  /// The direct conversation of two, made at that moment.
  public func openDirect(_ one: User, _ other: User, at moment: Timestamp) async throws(ChatError) -> ConversationID {
    try await failure.translating { () throws(PostgresError) in
      let pair = ContactPair(one.id, other.id)
      let lookup = ContactRows.key(pair)
      if let row = try await pool.query(PostgresConversations.direct, lookup).first {
        return ConversationID(rawValue: try row.int8(0))
      }
      let id = ConversationID(counter: try await ids.next(.conversation), bucket: pair.bucket)
      let users = [one, other].sorted { $0.id < $1.id }
      return try await pool.transaction { (transaction) throws(PostgresError) in
        let locks = WritePlan.locks([pair.bucket] + users.map(\.id.bucket))
        let answers = try await transaction.all(locks + [(PostgresConversations.direct, lookup)])
        if let row = answers.last?.first { return ConversationID(rawValue: try row.int8(0)) }
        let new = Conversation(
          id: id, kind: .direct, title: nil, head: 1, createdAt: moment,
          members: users.map { Member(user: $0.id, username: $0.username, role: .member) }, memberCount: 2)
        _ = try await PostgresConversations.make(
          new, pair: (pair.low, pair.high), users: users, by: one, in: transaction)
        return id
      }
    }
  }

  /// Makes a group under the given id.
  public func create(_ group: PastGroup) async throws(ChatError) -> Bool {
    let bucket = group.id.bucket
    let members = group.memberships
    let users = ([group.owner] + group.members.map(\.user)).sorted { $0.id < $1.id }
    let key: [Parameter] = [.int2(bucket.number), .int8(group.id.rawValue)]
    let maker = try await failure.translating { () throws(PostgresError) in
      try await pool.transaction { (transaction) throws(PostgresError) -> Row? in
        let locks = WritePlan.locks([bucket] + users.map(\.id.bucket))
        if let row = try await transaction.all(locks + [(Self.maker, key)]).last?.first { return row }
        let new = Conversation(
          id: group.id, kind: .group, title: group.title, picture: group.picture, head: 1, createdAt: group.createdAt,
          members: members, memberCount: members.count)
        _ = try await PostgresConversations.make(new, pair: nil, users: users, by: group.owner, in: transaction)
        return nil
      }
    }
    guard let maker else { return true }
    let isSame = try failure.reading { () throws(PostgresError) in
      let (author, moment) = (try maker.optionalInt8(0), try maker.time(1))
      return author == group.owner.id.rawValue && moment == group.createdAt.milliseconds
    }
    guard isSame else { throw .conflict(.idempotency) }
    return false
  }

  /// Puts messages at the end of their conversations, all in one transaction.
  public func append(_ messages: [PastMessage]) async throws(ChatError) -> [PastOutcome] {
    guard !messages.isEmpty else { return [] }
    for message in messages where message.text.utf8.contains(0) || message.clientMessageID.utf8.contains(0) {
      throw failure(.textWithNUL(parameter: 0))
    }
    // What is of one bucket, in order, by its place among all.
    var parts: [Bucket: [Int]] = [:]
    for (place, message) in messages.enumerated() { parts[message.conversation.bucket, default: []].append(place) }
    let buckets = parts.keys.sorted()
    let writes = buckets.map { (Self.append, Self.parameters($0, parts[$0] ?? [], of: messages)) }
    return try await failure.translating { () throws(PostgresError) in
      let answers = try await pool.transaction { (transaction) throws(PostgresError) in
        try await transaction.all(WritePlan.locks(buckets) + writes).suffix(buckets.count)
      }
      var outcomes: [Int: PastOutcome] = [:]
      for (bucket, rows) in zip(buckets, answers) {
        for (place, row) in zip(parts[bucket] ?? [], rows) { outcomes[place] = try Self.outcome(row) }
      }
      guard outcomes.count == messages.count else { throw .unexpectedReply("answers to an append") }
      return messages.indices.compactMap { outcomes[$0] }
    }
  }

  private static func outcome(_ row: Row) throws(PostgresError) -> PastOutcome {
    switch try row.int2(0) {
    case 0: .stored(EntryID(rawValue: try row.int8(1)), isNew: true)
    case 1: .stored(EntryID(rawValue: try row.int8(1)), isNew: false)
    case 2: .conflict
    case 3: .unknownConversation
    default: throw .unexpectedReply("an unknown verdict on a message")
    }
  }

  private static func parameters(_ bucket: Bucket, _ places: [Int], of all: [PastMessage]) -> [Parameter] {
    let messages = places.map { all[$0] }
    var replies: [Int64?] = []
    var replyPlaces: [Int64?] = []
    for message in messages {
      switch message.reply {
      case .stored(let id):
        replies.append(id.rawValue)
        replyPlaces.append(nil)
      case .among(let place):
        replies.append(nil)
        // The database counts the places of one bucket, from 1.
        replyPlaces.append(places.firstIndex(of: place).map { Int64($0) + 1 })
      case nil:
        replies.append(nil)
        replyPlaces.append(nil)
      }
    }
    return [
      .int2(bucket.number), .int8s(messages.map(\.conversation.rawValue)), .int8s(messages.map(\.sender.id.rawValue)),
      .texts(messages.map(\.sender.username)), .texts(messages.map(\.clientMessageID)),
      .texts(messages.map(\.type.rawValue)), .texts(messages.map(\.text)), .int8s(replies), .int8s(replyPlaces),
      .int8s(messages.map(\.createdAt.milliseconds)), .int8s(messages.map { $0.editedAt?.milliseconds }),
    ]
  }
}
