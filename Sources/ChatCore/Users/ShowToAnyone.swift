/// Lists all users to who has not signed in, for dialects whose clients look before they do; as ``ListUsers``.
///
/// - Throws: `.invalid` at `/limit`.
public struct ListUsersToAnyone: OpenCommand {
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
  public func run(in chat: Chat) async throws(ChatError) -> Listing<User, String> {
    try await chat.users(after: after, limit: limit)
  }
}

/// Shows a user to who has not signed in; as ``ShowUser``, and a wire shows him no addresses.
///
/// - Throws: `.notFound(.user)`.
public struct ShowUserToAnyone: OpenCommand {
  /// Who.
  public let user: UserID

  /// Names the user.
  public init(user: UserID) { self.user = user }

  /// Looks him up.
  public func run(in chat: Chat) async throws(ChatError) -> User {
    guard let found = try await chat.users.user(user) else { throw .notFound(.user) }
    return found
  }
}

extension Chat {
  /// A page of all users, ascending by name key.
  func users(after: String?, limit: Int?) async throws(ChatError) -> Listing<User, String> {
    let limit = try limits.page(limit)
    let found = try await users.search(prefix: "", after: after, limit: limit + 1)
    return Listing(found, limit: limit) { Username.key(of: $0.username) }
  }
}
