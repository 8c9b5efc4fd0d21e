/// Lets another not write to the caller for a while, ``Limits/contactTimeout``; then it is as it was.
///
/// - Throws: `.notFound(.user)`, `.invalid` at `/user` for oneself.
public struct TimeOutUser: Command {
  /// Who.
  public let user: UserID

  /// Collects what is asked.
  public init(user: UserID) { self.user = user }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    try await chat.change(.timeOut(chat.limits.contactTimeout), with: user, as: caller)
  }
}
