/// Accepts another's request; what is accepted stays so.
///
/// - Throws: `.notFound(.contact)` without a request, `.notFound(.user)`, `.forbidden(.blocked)`.
public struct AcceptContact: Command {
  /// Who.
  public let user: UserID

  /// Collects what is asked.
  public init(user: UserID) { self.user = user }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    try await chat.change(.accept, with: user, as: caller)
  }
}
