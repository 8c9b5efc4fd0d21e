/// Lets another write no more to the caller, effective at once, whether they have a conversation or not.
///
/// The caller cannot write to him either. He is not told; only with last words, the dialects' way, he is, and may send
/// exactly one message more. Common groups go on.
///
/// - Limits: twice ``Limits/contactsPerUserMax``.
/// - Throws: `.notFound(.user)`, `.invalid` at `/user` for oneself, `.conflict(.contactsFull)`.
public struct BlockUser: Command {
  /// Who.
  public let user: UserID
  /// Whether he may send one message more.
  public let lastWords: Bool

  /// Collects what is asked.
  public init(user: UserID, lastWords: Bool = false) {
    self.user = user
    self.lastWords = lastWords
  }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    let contact = try await chat.change(.block(lastWords ? .grace : .blocked), with: user, as: caller)
    chat.publisher.announce(.estranged(caller.user, from: user))
    chat.publisher.announce(.estranged(user, from: caller.user))
    return contact
  }
}
