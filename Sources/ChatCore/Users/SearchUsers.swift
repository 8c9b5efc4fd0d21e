/// Finds users by the beginning of their names, without regard to case; page by page, ascending by name key.
///
/// - Limits: a query of 1 … ``Limits/usernameBytesMax`` bytes; pages of at most ``Limits/pageMax``.
/// - Throws: `.invalid` at `/query` or `/limit`.
public struct SearchUsers: Command {
  /// What names begin with.
  public let query: String
  /// The ``Listing/next`` of the page before.
  public let after: String?
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked.
  public init(query: String, after: String? = nil, limit: Int? = nil) {
    self.query = query
    self.after = after
    self.limit = limit
  }

  /// Checks and looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Listing<User, String> {
    var faults = Faults()
    faults.check(query, chat.limits.query)
    try faults.settle()
    let limit = try chat.limits.page(limit)
    let found = try await chat.users.search(prefix: Username.key(of: query), after: after, limit: limit + 1)
    return Listing(found, limit: limit) { Username.key(of: $0.username) }
  }
}
