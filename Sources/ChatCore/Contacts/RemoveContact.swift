/// Ends being contacts: takes a request back, turns one down, or ends what was accepted.
///
/// - Throws: `.notFound(.contact)`, `.notFound(.user)`.
public struct RemoveContact: Command {
  /// Who.
  public let user: UserID
  /// Whether the other loses a contact, too, that he has added himself.
  public let mutual: Bool

  /// Collects what is asked.
  public init(user: UserID, mutual: Bool = false) {
    self.user = user
    self.mutual = mutual
  }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    try await chat.change(.remove(mutual: mutual), with: user, as: caller)
  }
}
