/// Ends the caller's account for ever: nobody finds him, signs in as him or takes his name; what he said stays.
///
/// Answered once the account has ended; ``AccountCleanup`` then takes him out of his conversations.
///
/// - Shape: `{"password": "…"}`.
/// - Throws: `.unauthenticated(.wrongCredentials)`, or `.sessionEnded` when it is gone already; `.invalid` at
///   `/password`.
public struct DeleteAccount: Command {
  /// The password; nil when the door has made sure by other means that it is he.
  public let password: String?

  /// Takes the password.
  public init(password: String?) { self.password = password }

  /// Verifies, deletes, tells all nodes.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    if let password {
      var faults = Faults()
      faults.check(password, chat.limits.givenPassword)
      try faults.settle()
      try await chat.verify(password, of: caller)
    }
    guard try await chat.users.delete(caller.user) else { throw .unauthenticated(.sessionEnded) }
    chat.publisher.announce(.accountGone(caller.user))
    chat.accountEnded(caller.user)
  }
}
