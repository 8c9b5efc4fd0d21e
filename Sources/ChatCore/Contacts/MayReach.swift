/// Whether the caller may write to another, or be seen writing to him, as things stand; for what is not stored, such as
/// typing. A message is checked again in the transaction that stores it.
///
/// - Throws: `.forbidden(.blocked)`, `.timedOut`.
public struct MayReach: Command {
  /// Whom.
  public let user: UserID

  /// Names him.
  public init(user: UserID) { self.user = user }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    let pair = try await chat.contacts.pair(caller.user, user)
    try ContactRules.checkWriting(pair, by: caller.user, at: chat.clock.now)
  }
}
