/// Sets the caller's word for another, as the dialects do by hand, with its meaning.
///
/// - Shape: `friend` asks, or accepts; `new` goes back to mere knowing; `blocked` leaves last words; `last_words` the
///   same under its own name; `timeout` keeps him from writing for ``Limits/contactTimeout``, then it is as it was.
///   `friend` and `new` lift a block and a timeout of the caller's.
/// - Throws: `.notFound(.contact)` when he is none of the caller's, as ``RequestContact`` besides.
public struct SetContactStatus: Command {
  /// Who.
  public let user: UserID
  /// The word.
  public let label: ContactLabel

  /// Collects what is asked.
  public init(user: UserID, label: ContactLabel) {
    self.user = user
    self.label = label
  }

  /// Looks, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    _ = try await FindContact(user: user).run(in: chat, as: caller)
    return try await chat.change(change(chat.limits), with: user, as: caller)
  }

  private func change(_ limits: Limits) -> ContactChange {
    switch label {
    case .new: .reset
    case .friend: .befriend
    case .blocked: .block(.grace)
    case .timeout: .timeOut(limits.contactTimeout)
    case .lastWords: .block(.lastWords)
    }
  }
}
