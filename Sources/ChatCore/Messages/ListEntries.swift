/// Reads the log of a conversation that the caller may see: everything that happened, in order.
///
/// - Shape: `?after=SEQ&limit=50`; `{"entries": [… ascending seq], "head", "has_more"}`; messages as they are now.
/// - Limits: at most ``Limits/pageMax``; more is refused.
/// - Throws: `.notFound(.conversation)`; `.invalid` at `/limit` or `/after`.
public struct ListEntries: Command {
  /// A page of entries.
  public struct Reply: Sendable, Hashable {
    /// Ascending by `seq`, without holes.
    public let entries: [Entry]
    /// The `seq` of the conversation's last entry.
    public let head: Int64
    /// Whether there are more after the last of the page.
    public let hasMore: Bool
  }

  /// Where.
  public let conversation: ConversationID
  /// The `seq` that the reader has.
  public let after: Int64
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked.
  public init(conversation: ConversationID, after: Int64 = 0, limit: Int? = nil) {
    self.conversation = conversation
    self.after = after
    self.limit = limit
  }

  /// Checks and looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Reply {
    try Fault.refuseNegative(after, "after")
    let limit = try chat.limits.page(limit)
    let head = try await chat.visible(conversation, to: caller).head
    let found = try await chat.log.entries(
      of: conversation, after: after, limit: limit + 1, asOf: head)
    return Reply(
      entries: Array(found.prefix(limit)), head: max(head, found.last?.seq ?? 0), hasMore: found.count > limit)
  }
}
