extension Chat {
  /// The same, with what is committed and published told to a trace; itself when there is none.
  public func traced(in scope: TraceScope?) -> Chat {
    guard let scope else { return self }
    var chat = self
    chat.log = TracedLog(log: log, scope: scope)
    chat.messages = TracedMessages(messages: messages, scope: scope)
    chat.publisher = TracedPublisher(publisher: publisher, scope: scope)
    return chat
  }
}

extension TraceScope {
  /// A transaction on the truth.
  fileprivate func commit<Reply>(
    _ operation: String, _ body: () async throws(ChatError) -> Reply
  ) async throws(ChatError) -> Reply {
    try await part("commit", [("db.operation.name", .text(operation))], body)
  }
}

/// Logs of which each append is a part of a trace; reading is not.
private struct TracedLog: LogStore {
  let log: any LogStore
  let scope: TraceScope

  func append(_ message: NewMessage) async throws(ChatError) -> Appended {
    try await scope.commit("append") { () async throws(ChatError) in try await log.append(message) }
  }

  func message(
    by sender: UserID, clientMessageID: String, in conversation: ConversationID
  ) async throws(ChatError) -> Message? {
    try await log.message(by: sender, clientMessageID: clientMessageID, in: conversation)
  }
  func entries(of conversation: ConversationID, after: Int64, limit: Int) async throws(ChatError) -> [Entry] {
    try await log.entries(of: conversation, after: after, limit: limit)
  }
  func messages(of conversation: ConversationID, page: Page, limit: Int) async throws(ChatError) -> [Message] {
    try await log.messages(of: conversation, page: page, limit: limit)
  }
  func entries(
    of conversation: ConversationID, after: Int64, limit: Int, asOf head: Int64
  ) async throws(ChatError) -> [Entry] {
    try await log.entries(of: conversation, after: after, limit: limit, asOf: head)
  }
  func messages(
    of conversation: ConversationID, page: Page, limit: Int, asOf head: Int64
  ) async throws(ChatError) -> [Message] {
    try await log.messages(of: conversation, page: page, limit: limit, asOf: head)
  }
  func history(
    of conversation: ConversationID, for reader: UserID, page: Page, limit: Int
  ) async throws(ChatError) -> (head: Int64, messages: MessageList)? {
    try await log.history(of: conversation, for: reader, page: page, limit: limit)
  }
  func newest(in conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Message] {
    try await log.newest(in: conversations)
  }
  func counters(of buckets: [Bucket]) async throws(ChatError) -> [Bucket: BucketCounter] {
    try await log.counters(of: buckets)
  }
  func heads(of conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Int64] {
    try await log.heads(of: conversations)
  }
  func heads(after counters: [Bucket: Int64]) async throws(ChatError) -> [ConversationID: Int64]? {
    try await log.heads(after: counters)
  }
}

/// Messages of which each change is a part of a trace; reading is not.
private struct TracedMessages: MessageStore {
  let messages: any MessageStore
  let scope: TraceScope

  func change(
    _ id: EntryID, _ change: MessageChange, by caller: UserID
  ) async throws(ChatError) -> ChangedMessage {
    try await scope.commit("change") { () async throws(ChatError) in
      try await messages.change(id, change, by: caller)
    }
  }
  func markRead(_ id: ConversationID, _ user: UserID, upTo seq: Int64) async throws(ChatError) -> Bool {
    try await scope.commit("mark_read") { () async throws(ChatError) in
      try await messages.markRead(id, user, upTo: seq)
    }
  }
  func message(_ id: EntryID, for reader: UserID) async throws(ChatError) -> Message? {
    try await messages.message(id, for: reader)
  }
  func standing(of user: UserID, in id: ConversationID) async throws(ChatError) -> MemberStanding? {
    try await messages.standing(of: user, in: id)
  }
}

/// A publisher that tells a trace when it was handed entries; signals may be lost and are not told.
private struct TracedPublisher: Publisher {
  let publisher: any Publisher
  let scope: TraceScope

  func publish(_ entries: [Entry]) {
    scope.handing("publish", [("messaging.batch.message_count", .number(Int64(entries.count)))]) {
      publisher.publish(entries)
    }
  }
  func announce(_ signal: Signal) { publisher.announce(signal) }
}
