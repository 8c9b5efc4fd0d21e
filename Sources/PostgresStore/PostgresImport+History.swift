import ChatCore
import Postgres

/// Conversations and messages as they were. Those of many members lock all their buckets, in ascending order, as making
/// one does; messages lock those of their conversations.
extension PostgresImport {
  /// The direct conversation of two, made at that moment.
  public func openDirect(
    _ one: User, _ other: User, at moment: Timestamp, most: Int
  ) async throws(ChatError) -> ConversationID {
    let pair = ContactPair(one.id, other.id)
    let lookup = ContactRows.key(pair)
    let before = try await failure.translating { () throws(PostgresError) -> (Row?, ConversationID) in
      let row = try await pool.query(PostgresConversations.direct, lookup).first
      return (row, ConversationID(counter: row == nil ? try await ids.next(.conversation) : 0, bucket: pair.bucket))
    }
    if let row = before.0 { return try id(in: row) }
    let users = [one, other].sorted { $0.id < $1.id }
    return try await makingOnce(
      (PostgresConversations.direct, lookup), in: pair.bucket, of: users, most: most
    ) { (found) throws(ChatError) in
      try id(in: found)
    } make: { (transaction) throws(PostgresError) in
      let new = Conversation(
        id: before.1, kind: .direct, title: nil, head: 1, createdAt: moment,
        members: users.map { Member(user: $0.id, username: $0.username, role: .member) }, memberCount: 2)
      _ = try await PostgresConversations.make(
        new, pair: (pair.low, pair.high), users: users, by: one, in: transaction)
      return new.id
    }
  }

  private func id(in row: Row) throws(ChatError) -> ConversationID {
    try failure.reading { () throws(PostgresError) in ConversationID(rawValue: try row.int8(0)) }
  }

  /// Makes a group under the given id.
  public func create(_ group: PastGroup, most: Int) async throws(ChatError) -> Bool {
    let bucket = group.id.bucket
    let members = group.memberships
    let users = ([group.owner] + group.members.map(\.user)).sorted { $0.id < $1.id }
    let key: [Parameter] = [.int2(bucket.number), .int8(group.id.rawValue)]
    return try await makingOnce((Self.maker, key), in: bucket, of: users, most: most) { (maker) throws(ChatError) in
      let isSame = try failure.reading { () throws(PostgresError) in
        let (author, moment) = (try maker.optionalInt8(0), try maker.time(1))
        return author == group.owner.id.rawValue && moment == group.createdAt.milliseconds
      }
      guard isSame else { throw .conflict(.idempotency) }
      return false
    } make: { (transaction) throws(PostgresError) in
      let new = Conversation(
        id: group.id, kind: .group, title: group.title, picture: group.picture, head: 1, createdAt: group.createdAt,
        members: members, memberCount: members.count)
      _ = try await PostgresConversations.make(new, pair: nil, users: users, by: group.owner, in: transaction)
      return true
    }
  }

  /// Makes a conversation unless it is there: under the locks of its bucket and of all who would enter, which whoever
  /// takes away what is left of an ended account has too, so that nobody is entered behind him.
  private func makingOnce<Value: Sendable>(
    _ lookup: (statement: Statement, parameters: [Parameter]), in bucket: Bucket, of users: [User], most: Int,
    found: (Row) throws(ChatError) -> Value,
    make: (PostgresTransaction) async throws(PostgresError) -> Value
  ) async throws(ChatError) -> Value {
    let everybody = users.map(\.id)
    return try await pool.transaction(failing: { failure($0) }) { (transaction) throws(ChatError) in
      let locks = WritePlan.locks([bucket] + everybody.map(\.bucket))
      let answers = try await failure.translating { () throws(PostgresError) in
        try await transaction.all(
          locks + [lookup] + PostgresConversations.entering(users, byOwnWish: everybody, most: most))
      }
      // What is there stays as it is, whoever has gone since.
      if let row = answers.dropLast(users.count).last?.first { return try found(row) }
      try conversations.checkEntering(answers.suffix(users.count), of: users, byOwnWish: everybody, most: most)
      return try await failure.translating { () throws(PostgresError) in try await make(transaction) }
    }
  }

  /// Puts messages at the end of their conversations, all in one transaction: looked up together, written each by a
  /// statement of its own, in two round trips.
  public func append(_ messages: [PastMessage]) async throws(ChatError) -> [PastOutcome] {
    guard !messages.isEmpty else { return [] }
    for message in messages where message.text.utf8.contains(0) || message.clientMessageID.utf8.contains(0) {
      throw failure(.textWithNUL(parameter: 0))
    }
    // What is of one bucket, in order, by its place among all.
    var parts: [Bucket: [Int]] = [:]
    for (place, message) in messages.enumerated() { parts[message.conversation.bucket, default: []].append(place) }
    let buckets = parts.keys.sorted()
    return try await failure.translating { () throws(PostgresError) in
      try await pool.transaction { (transaction) throws(PostgresError) in
        let asked = buckets.map { bucket in
          (Self.lookUp, Self.keys(bucket, (parts[bucket] ?? []).map { messages[$0] }))
        }
        let answers = try await transaction.all(WritePlan.locks(buckets) + asked)
        guard answers.count == 2 * buckets.count + 1 else { throw .unexpectedReply("answers to an append") }
        var writing = Writing(messages)
        for (index, bucket) in buckets.enumerated() {
          // The locks tell each bucket's head.
          guard let head = try answers[index].first?.int8(0) else { throw .unexpectedReply("no head of a bucket") }
          try writing.place(parts[bucket] ?? [], in: bucket, after: head, answers[buckets.count + 1 + index])
        }
        _ = try await transaction.all(writing.writes)
        return writing.outcomes
      }
    }
  }

  private static func keys(_ bucket: Bucket, _ messages: [PastMessage]) -> [Parameter] {
    [
      .int2(bucket.number), .int8s(messages.map(\.conversation.rawValue)), .int8s(messages.map(\.sender.id.rawValue)),
      .texts(messages.map(\.clientMessageID)),
    ]
  }

  /// Decides what becomes of each message and gathers what is to be written.
  private struct Writing {
    let messages: [PastMessage]
    var outcomes: [PastOutcome]
    var writes: [(statement: Statement, parameters: [Parameter])] = []

    init(_ messages: [PastMessage]) {
      self.messages = messages
      outcomes = messages.map { _ in .unknownConversation }
    }

    /// Takes the messages of one bucket, by their places, with what each of them meets.
    mutating func place(_ places: [Int], in bucket: Bucket, after head: Int64, _ met: Rows) throws(PostgresError) {
      guard met.count == places.count else { throw .unexpectedReply("answers to an append") }
      var counter = head
      var heads: [ConversationID: Int64] = [:]
      var accepted: [(place: Int, seq: Int64)] = []
      for (place, row) in zip(places, met) {
        let message = messages[place]
        guard let present = try row.optionalInt8(1) else { continue }
        if let id = try row.optionalInt8(2) {
          let (isChanged, type, text) = (try row.bool(5), try row.text(3), try row.text(4))
          let isSame = isChanged || (type == message.type.rawValue && text == message.text)
          outcomes[place] = isSame ? .stored(EntryID(rawValue: id), isNew: false) : .conflict
          continue
        }
        counter &+= 1
        let seq = (heads[message.conversation] ?? present) &+ 1
        // Somebody has set a head by hand.
        guard seq > 0, counter > 0, counter <= Int64.max >> 12 else { throw .unexpectedReply("a head that no log has") }
        heads[message.conversation] = seq
        outcomes[place] = .stored(EntryID(counter: counter, bucket: bucket), isNew: true)
        accepted.append((place, seq))
      }
      for (place, seq) in accepted { put(place, seq, in: bucket) }
      for (conversation, head) in heads.sorted(by: { $0.key < $1.key }) {
        writes.append((PostgresImport.raise, [.int2(bucket.number), .int8(conversation.rawValue), .int8(head)]))
      }
      if counter > head { writes.append((PostgresImport.count, [.int2(bucket.number), .int8(counter)])) }
    }

    private mutating func put(_ place: Int, _ seq: Int64, in bucket: Bucket) {
      let message = messages[place]
      writes.append(
        (
          PostgresImport.put,
          [
            .int2(bucket.number), .int8(message.conversation.rawValue), .int8(seq), .int8(id(at: place)),
            .int8(message.sender.id.rawValue), .text(message.sender.username), .time(message.createdAt.milliseconds),
            .text(message.clientMessageID), .text(message.type.rawValue), .text(message.text),
            .int8(reply(of: message)), .time(message.editedAt?.milliseconds),
          ]
        ))
    }

    /// What the message answers: one that is stored, or another of these.
    private func reply(of message: PastMessage) -> Int64? {
      switch message.reply {
      case .stored(let id): id.rawValue
      case .among(let place): id(at: place)
      case nil: nil
      }
    }

    private func id(at place: Int) -> Int64? {
      guard outcomes.indices.contains(place), case .stored(let id, _) = outcomes[place] else { return nil }
      return id.rawValue
    }
  }
}
