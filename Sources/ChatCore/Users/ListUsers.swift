/// Lists all users, page by page, ascending by name key: what clients of small communities show to begin with.
///
/// - Limits: pages of at most ``Limits/pageMax``; a scatter statement, counted as a search.
/// - Throws: `.invalid` at `/limit`.
public struct ListUsers: Command {
  /// The ``Listing/next`` of the page before.
  public let after: String?
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked.
  public init(after: String? = nil, limit: Int? = nil) {
    self.after = after
    self.limit = limit
  }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Listing<User, String> {
    try await chat.users(after: after, limit: limit)
  }
}
