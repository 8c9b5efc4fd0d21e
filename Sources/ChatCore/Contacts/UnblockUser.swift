/// Lets another write again; what they were to each other before stands again.
///
/// - Throws: `.notFound(.user)`.
public struct UnblockUser: Command {
  /// Who.
  public let user: UserID

  /// Collects what is asked.
  public init(user: UserID) { self.user = user }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    try await chat.change(.unblock, with: user, as: caller)
  }
}
