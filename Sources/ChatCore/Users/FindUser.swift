/// Finds the user of a name, in any case, for anyone signed in; nil when there is none.
public struct FindUser: Command {
  /// The name.
  public let username: String

  /// Names him.
  public init(username: String) { self.username = username }

  /// Looks him up.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> User? {
    guard chat.limits.username.fault(in: username) == nil else { return nil }
    return try await chat.users.credentials(ofUsernameKey: Username.key(of: username))?.user
  }
}
