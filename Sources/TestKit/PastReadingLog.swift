import ChatCore

/// A log whose entries and messages are read as doors read history: the head first, then the page as of that head,
/// which a store may take from a copy. With it the contract of the stores runs on copies too.
public struct PastReadingLog: LogStore {
  private let log: any LogStore

  /// On the log of a store.
  public init(_ log: any LogStore) { self.log = log }

  /// As of the head of now.
  public func entries(of conversation: ConversationID, after: Int64, limit: Int) async throws(ChatError) -> [Entry] {
    let head = try await log.heads(of: [conversation])[conversation] ?? 0
    return try await log.entries(of: conversation, after: after, limit: limit, asOf: head)
  }

  /// As of the head of now.
  public func messages(of conversation: ConversationID, page: Page, limit: Int) async throws(ChatError) -> [Message] {
    let head = try await log.heads(of: [conversation])[conversation] ?? 0
    return try await log.messages(of: conversation, page: page, limit: limit, asOf: head)
  }

  /// Passed on.
  public func append(_ message: NewMessage) async throws(ChatError) -> Appended { try await log.append(message) }

  /// Passed on.
  public func message(
    by sender: UserID, clientMessageID: String, in conversation: ConversationID
  ) async throws(ChatError) -> Message? {
    try await log.message(by: sender, clientMessageID: clientMessageID, in: conversation)
  }

  /// Passed on.
  public func history(
    of conversation: ConversationID, for reader: UserID, page: Page, limit: Int
  ) async throws(ChatError) -> (head: Int64, messages: MessageList)? {
    try await log.history(of: conversation, for: reader, page: page, limit: limit)
  }

  /// Passed on.
  public func newest(in conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Message] {
    try await log.newest(in: conversations)
  }

  /// Passed on.
  public func counters(of buckets: [Bucket]) async throws(ChatError) -> [Bucket: BucketCounter] {
    try await log.counters(of: buckets)
  }

  /// Passed on.
  public func heads(of conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Int64] {
    try await log.heads(of: conversations)
  }

  /// Passed on.
  public func heads(after counters: [Bucket: Int64]) async throws(ChatError) -> [ConversationID: Int64]? {
    try await log.heads(after: counters)
  }
}
