/// A conversation with the last that was said in it.
public struct ConversationPreview: Hashable, Sendable {
  /// The conversation, with its first members.
  public let conversation: Conversation
  /// Its newest message, be it deleted; nil when there is none.
  public let last: Message?
}

/// Lists the caller's conversations as ``ListConversations`` does, each with its newest message.
///
/// - Limits: pages of at most ``Limits/pageMax``.
/// - Throws: `.invalid` at `/limit`.
public struct PreviewConversations: Command {
  /// The ``Listing/next`` of the page before.
  public let after: ConversationID?
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked.
  public init(after: ConversationID? = nil, limit: Int? = nil) {
    self.after = after
    self.limit = limit
  }

  /// Looks.
  public func run(
    in chat: Chat, as caller: Caller
  ) async throws(ChatError) -> Listing<ConversationPreview, ConversationID> {
    let limit = try chat.limits.page(limit)
    let found = try await chat.conversations.conversations(
      of: caller.user, after: after, limit: limit + 1, members: chat.limits.membersListedMax)
    let last = try await chat.log.newest(in: found.prefix(limit).map(\.id))
    return Listing(
      found.map { ConversationPreview(conversation: $0, last: last[$0.id]) }, limit: limit,
      cursor: \.conversation.id)
  }
}

extension LogStore {
  /// One conversation after the other.
  public func newest(in conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Message] {
    var found: [ConversationID: Message] = [:]
    for id in conversations { found[id] = try await messages(of: id, page: .latest, limit: 1).last }
    return found
  }
}
