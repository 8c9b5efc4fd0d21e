/// Lists the caller's conversations ascending by id, each with its first ``Limits/membersListedMax`` members.
///
/// - Limits: pages of at most ``Limits/pageMax``.
/// - Throws: `.invalid` at `/limit`.
public struct ListConversations: Command {
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
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Listing<Conversation, ConversationID> {
    let limit = try chat.limits.page(limit)
    let found = try await chat.conversations.conversations(
      of: caller.user, after: after, limit: limit + 1, members: chat.limits.membersListedMax)
    return Listing(found, limit: limit, cursor: \.id)
  }
}
