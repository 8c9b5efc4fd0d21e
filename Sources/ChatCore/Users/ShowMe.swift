/// Shows the caller his own account, address and all.
///
/// - Throws: `.unauthenticated(.sessionEnded)` when the account is gone.
public struct ShowMe: Command {
  /// Asks nothing more.
  public init() {}

  /// Looks the caller up.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> User {
    try await chat.user(of: caller)
  }
}

extension Chat {
  /// The caller's account.
  ///
  /// - Throws: `.unauthenticated(.sessionEnded)` when it is gone: his token outlived it.
  func user(of caller: Caller) async throws(ChatError) -> User {
    guard let user = try await users.user(caller.user) else { throw .unauthenticated(.sessionEnded) }
    return user
  }
}
