import ChatCore

extension MemoryWorld: LogStore {
  /// Stores a message, or finds the one that was stored under the same client id.
  public func append(_ new: NewMessage) async throws(ChatError) -> Appended { try store(new) }

  /// Itself: a call of it never waits.
  public var prompt: (any PromptLog)? { self }

  private func store(_ new: NewMessage) throws(ChatError) -> Appended {
    try transaction { (ledger, now) throws(ChatError) in
      var row = try ledger.living(new.conversation)
      let key = new.clientMessageID.map {
        Ledger.SendKey(conversation: row.id, sender: new.sender, clientMessageID: Array($0.utf8))
      }
      if let key, let id = ledger.sent[key] { return try ledger.repeated(new, as: id) }
      let member = row.members[new.sender]
      try ConversationRules.checkWriting(row.kind, role: member?.role)
      let pair = ledger.pair(of: row)
      let other = pair?.other(than: new.sender)
      if let pair { try ContactRules.checkWriting(pair, by: new.sender, at: now) }
      if let replyTo = new.replyTo, ledger.message(replyTo, in: row.id) == nil { throw .invalid([.unknownReply]) }
      let sender = Author(id: new.sender, username: member?.username ?? "")
      let message = ledger.write(new, by: sender, into: &row, at: now)
      if let key { ledger.sent[key] = message.id }
      ledger.conversations[row.id] = row
      let wereLastWords = other.flatMap { pair?[$0].block.leavesLastWords } ?? false
      if var pair {
        ContactRules.noteSent(by: new.sender, in: &pair, at: now)
        ledger.remember(pair)
      }
      return Appended(
        message: message, repeated: false, wereLastWords: wereLastWords,
        stranger: pair?.areAcquainted ?? true ? nil : other)
    }
  }

  /// The message that was stored under that client id.
  public func message(
    by sender: UserID, clientMessageID: String, in conversation: ConversationID
  ) async throws(ChatError) -> Message? {
    try transaction { (ledger, _) throws(ChatError) in
      let key = Ledger.SendKey(
        conversation: conversation, sender: sender, clientMessageID: Array(clientMessageID.utf8))
      return ledger.sent[key].flatMap { ledger.message($0, in: conversation) }
    }
  }

  /// Entries with `after < seq`, ascending.
  public func entries(of conversation: ConversationID, after: Int64, limit: Int) async throws(ChatError) -> [Entry] {
    try transaction { (ledger, _) throws(ChatError) in
      let page = (ledger.logs[conversation] ?? []).dropFirst(Int(clamping: max(0, after))).prefix(max(0, limit))
      return page.map(ledger.told)
    }
  }

  /// Messages of a page, ascending by `seq`.
  public func messages(of conversation: ConversationID, page: Page, limit: Int) async throws(ChatError) -> [Message] {
    try transaction { (ledger, _) throws(ChatError) in
      let log = ledger.logs[conversation] ?? []
      let limit = max(0, limit)
      switch page {
      case .latest: return log[...].newestMessages(limit)
      case .before(let seq): return log.prefix(Int(clamping: max(1, seq) - 1)).newestMessages(limit)
      case .after(let seq): return log.dropFirst(Int(clamping: max(0, seq))).oldestMessages(limit)
      case .around(let seq):
        let middle = Int(clamping: max(0, seq))
        return log.prefix(middle).newestMessages((limit + 1) / 2) + log.dropFirst(middle).oldestMessages(limit / 2)
      }
    }
  }

  /// The same messages for a reader, and the head.
  public func history(
    of conversation: ConversationID, for reader: UserID, page: Page, limit: Int
  ) async throws(ChatError) -> (head: Int64, messages: MessageList)? {
    guard let head = try await self.conversation(conversation, for: reader, members: 0)?.head else { return nil }
    return (head, MessageList(try await messages(of: conversation, page: page, limit: limit)))
  }

  /// The counter of each bucket's newest entry.
  public func counters(of buckets: [Bucket]) async throws(ChatError) -> [Bucket: BucketCounter] {
    let absent = absentBuckets
    return try transaction { (ledger, _) throws(ChatError) in
      var counters: [Bucket: BucketCounter] = [:]
      for bucket in buckets where !absent.contains(bucket) {
        counters[bucket] = BucketCounter(newest: ledger.counter(of: bucket), server: 0)
      }
      return counters
    }
  }

  /// The heads of those conversations.
  public func heads(of conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Int64] {
    try transaction { (ledger, _) throws(ChatError) in
      var heads: [ConversationID: Int64] = [:]
      for id in conversations { heads[id] = ledger.conversations[id]?.head }
      return heads
    }
  }

  /// The heads of the conversations of those buckets that have entries after that counter.
  public func heads(after counters: [Bucket: Int64]) async throws(ChatError) -> [ConversationID: Int64]? {
    try transaction { (ledger, _) throws(ChatError) in
      ledger.logs.compactMapValues { log in
        log.last.flatMap { newest in
          counters[newest.conversation.bucket].flatMap { newest.id.counter > $0 ? newest.seq : nil }
        }
      }
    }
  }
}

extension Ledger {
  fileprivate mutating func write(
    _ new: NewMessage, by sender: Author, into row: inout ConversationRow, at now: Timestamp
  ) -> Message {
    func message(_ id: EntryID, _ seq: Int64) -> Message {
      Message(
        id: id, conversation: new.conversation, seq: seq, sender: sender, type: new.type, text: new.text,
        clientMessageID: new.clientMessageID, replyTo: new.replyTo, createdAt: now,
        attachments: new.attachments)
    }
    let entry = write(&row, by: sender, at: now) { id, seq in .messageCreated(message(id, seq)) }
    return message(entry.id, entry.seq)
  }

  /// The first answer again, or a refusal when something else was said under the same client id.
  fileprivate func repeated(_ new: NewMessage, as id: EntryID) throws(ChatError) -> Appended {
    guard let message = message(id, in: new.conversation) else {
      throw .internalError("a client id leads to no message")
    }
    // What was said first is not known any more once it was changed.
    let isChanged = message.editedAt != nil || message.deletedAt != nil
    let isSame =
      message.type == new.type && message.text.utf8.elementsEqual(new.text.utf8)
      && message.attachments == new.attachments
    guard isChanged || isSame else {
      throw .conflict(.idempotency)
    }
    return Appended(message: message.told, repeated: true)
  }
}

extension ArraySlice<Entry> {
  fileprivate func oldestMessages(_ limit: Int) -> [Message] { Array(lazy.compactMap(\.event.message).prefix(limit)) }

  fileprivate func newestMessages(_ limit: Int) -> [Message] {
    Array(Array(lazy.reversed().compactMap(\.event.message).prefix(limit)).reversed())
  }
}

extension MemoryWorld: PromptLog {
  /// Stores a message and calls back before it returns.
  public func append(_ message: NewMessage, told: @escaping @Sendable (Result<Appended, ChatError>) -> Void) {
    let result: Result<Appended, ChatError>
    do throws(ChatError) { result = .success(try store(message)) } catch { result = .failure(error) }
    told(result)
  }
}
