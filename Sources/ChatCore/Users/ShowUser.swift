/// Shows a user to anyone signed in. The reply holds his address; a wire shows that to himself only.
///
/// - Throws: `.notFound(.user)`.
public struct ShowUser: Command {
  /// Who.
  public let user: UserID

  /// Names the user.
  public init(user: UserID) { self.user = user }

  /// Looks him up.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> User {
    guard let found = try await chat.users.user(user) else { throw .notFound(.user) }
    return found
  }
}
