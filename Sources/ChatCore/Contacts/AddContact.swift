/// Adds another without asking him; again, it changes nothing.
///
/// - Limits: ``Limits/contactsPerUserMax``, on both sides where `mutual`.
/// - Throws: as ``RequestContact``.
public struct AddContact: Command {
  /// Who.
  public let user: UserID
  /// Whether the other has the caller among his contacts at once, too.
  public let mutual: Bool

  /// Collects what is asked.
  public init(user: UserID, mutual: Bool = false) {
    self.user = user
    self.mutual = mutual
  }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    try await chat.change(.add(mutual: mutual), with: user, as: caller)
  }
}
