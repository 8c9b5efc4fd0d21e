/// Turns another's request down; without one it changes nothing.
///
/// - Throws: `.notFound(.user)`.
public struct DenyContact: Command {
  /// Who.
  public let user: UserID

  /// Collects what is asked.
  public init(user: UserID) { self.user = user }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    try await chat.change(.deny, with: user, as: caller)
  }
}
