/// Lists the members of a conversation that the caller may see, ascending by user id.
///
/// - Limits: pages of at most ``Limits/pageMax``.
/// - Throws: `.notFound(.conversation)`; `.invalid` at `/limit`.
public struct ListMembers: Command {
  /// Where.
  public let conversation: ConversationID
  /// The ``Listing/next`` of the page before.
  public let after: UserID?
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked.
  public init(conversation: ConversationID, after: UserID? = nil, limit: Int? = nil) {
    self.conversation = conversation
    self.after = after
    self.limit = limit
  }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Listing<Member, UserID> {
    let limit = try chat.limits.page(limit)
    _ = try await chat.visible(conversation, to: caller)
    let found = try await chat.conversations.members(of: conversation, after: after, limit: limit + 1)
    return Listing(found, limit: limit, cursor: \.user)
  }
}
