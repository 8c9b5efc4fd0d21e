import ChatCore

extension ImportRun {
  /// A message that waits for the others of its transaction.
  private struct Waiting {
    var messages: [Numbered<PastMessage>] = []
    var keys: [String] = []
    var places: [String: Int] = [:]
  }

  mutating func take(messages records: [Numbered<MessageRecord>]) async throws(ImportStopped) {
    let records = checked(records)
    try await load(
      records.flatMap { record in
        if case .user(let to) = record.value.place { [record.value.from, to] } else { [record.value.from] }
      })
    try await openDirects(records)
    var waiting = Waiting()
    for record in records {
      // Of two with one key the second is to find the first stored.
      if waiting.places[record.value.key] != nil { try await append(&waiting) }
      do throws(Refusal) {
        let message = try message(record.value, waiting)
        waiting.places[record.value.key] = waiting.messages.count
        waiting.keys.append(record.value.key)
        waiting.messages.append(Numbered(line: record.line, value: message))
      } catch {
        refuse(record.line, error)
      }
    }
    try await append(&waiting)
  }

  private mutating func append(_ waiting: inout Waiting) async throws(ImportStopped) {
    let (batch, store) = (waiting, ports.store)
    waiting = Waiting()
    guard !batch.messages.isEmpty else { return }
    let attempt = await patiently { () async throws(ChatError) in
      try await store.append(batch.messages.map(\.value))
    }
    guard let outcomes = try accept(attempt, of: nil) else { return }
    for ((message, key), outcome) in zip(zip(batch.messages, batch.keys), outcomes) {
      switch outcome {
      case .stored(let id, let isNew):
        if isNew { tally.messages += 1 } else { tally.before += 1 }
        said.put(key, Said(conversation: message.value.conversation, id: id))
      case .conflict:
        refuse(message.line, Refusal("/key", "Under this key another message of the sender is there already."))
      case .unknownConversation:
        refuse(
          message.line, Refusal("/group", "No group of this file before this line has the key, or it was deleted."))
      }
    }
  }

  /// Those that may go in by themselves, so that the others open no conversation.
  private mutating func checked(_ records: [Numbered<MessageRecord>]) -> [Numbered<MessageRecord>] {
    records.filter { record in
      do throws(ChatError) {
        try ImportMessage.check(
          key(of: record.value), text: record.value.text, createdAt: record.value.createdAt,
          editedAt: record.value.editedAt, in: ports)
        return true
      } catch {
        refuse(record.line, Refusal(error))
        return false
      }
    }
  }

  private func key(of record: MessageRecord) -> ImportKey { ImportKey(source: options.source, key: record.key) }

  private func message(_ record: MessageRecord, _ waiting: Waiting) throws(Refusal) -> PastMessage {
    let sender = try user(record.from, at: "from")
    let conversation = try conversation(record, of: sender)
    return PastMessage(
      conversation: conversation, sender: Author(id: sender.id, username: sender.username), type: record.type,
      text: record.text, clientMessageID: key(of: record).clientMessageID,
      reply: try record.replyTo.map { (key) throws(Refusal) in try reply(to: key, in: conversation, waiting) },
      createdAt: record.createdAt, editedAt: record.editedAt)
  }

  private func conversation(_ record: MessageRecord, of sender: User) throws(Refusal) -> ConversationID {
    switch record.place {
    case .lobby: return Lobby.id
    case .group(let key): return ImportKey(source: options.source, key: key).group
    case .user(let key):
      let other = try user(key, at: "to")
      if other.id == sender.id { throw Refusal("/to", "to must be another user than from.") }
      let pair = ContactPair(sender.id, other.id)
      guard let id = directs[pair] else {
        throw Refusal("/to", unopened[pair]?.sentence ?? "The conversation of the two could not be opened.")
      }
      return id
    }
  }

  private func reply(
    to key: String, in conversation: ConversationID, _ waiting: Waiting
  ) throws(Refusal) -> PastMessage.Reply {
    if let place = waiting.places[key], waiting.messages[place].value.conversation == conversation {
      return .among(place)
    }
    if let said = said[key], said.conversation == conversation { return .stored(said.id) }
    throw Refusal(
      "/reply_to", "None of the last \(Self.repliesMax) messages, in this conversation, has the key.")
  }

  /// Opens the conversations of all pairs that write to each other, as of their first message.
  private mutating func openDirects(_ records: [Numbered<MessageRecord>]) async throws(ImportStopped) {
    var wanted: [ContactPair: (one: User, other: User, at: Timestamp)] = [:]
    for record in records {
      guard case .user(let to) = record.value.place, let one = ids[record.value.from].flatMap({ accounts[$0] }),
        let other = ids[to].flatMap({ accounts[$0] }), one.id != other.id
      else { continue }
      let pair = ContactPair(one.id, other.id)
      if directs[pair] == nil, wanted[pair] == nil { wanted[pair] = (one, other, record.value.createdAt) }
    }
    unopened = [:]
    let (store, most) = (ports.store, ports.limits.conversationsPerUserMax)
    let pairs = wanted.keys.sorted { ($0.low, $0.high) < ($1.low, $1.high) }
    let attempts = await atOnce(pairs.compactMap { wanted[$0] }) { pair in
      await patiently { () async throws(ChatError) in
        try await store.openDirect(pair.one, pair.other, at: pair.at, most: most)
      }
    }
    for (pair, attempt) in zip(pairs, attempts) {
      if case .refused(let error) = attempt {
        unopened[pair] = Refusal(error)
      } else if let id = try accept(attempt, of: nil) {
        directs.put(pair, id)
      }
    }
  }
}
