/// Whether the caller may write to another, or be seen writing to him, as things stand; for what is not stored, such as
/// typing. A message is checked again in the transaction that stores it.
///
/// - Throws: `.forbidden(.blocked)`, `.timedOut`.
public struct MayReach: Command {
  /// Whom.
  public let user: UserID
  /// Whether it would be a message, the last words that may be left too; else what is none.
  public let isMessage: Bool

  /// Names him.
  public init(user: UserID, isMessage: Bool = true) {
    self.user = user
    self.isMessage = isMessage
  }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    let pair = try await chat.contacts.pair(caller.user, user)
    if isMessage {
      try ContactRules.checkWriting(pair, by: caller.user, at: chat.clock.now)
    } else {
      try ContactRules.checkSaying(pair, by: caller.user, at: chat.clock.now)
    }
  }
}
