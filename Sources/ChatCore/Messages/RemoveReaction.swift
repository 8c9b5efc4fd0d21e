/// Takes the caller's reaction off a message; again it changes nothing.
///
/// - Throws: `.invalid` at `/emoji`; `.notFound(.message)`; `.forbidden(.notAMember)`.
public struct RemoveReaction: Command {
  /// Off which.
  public let message: EntryID
  /// Which reaction.
  public let emoji: String

  /// Collects what is asked.
  public init(message: EntryID, emoji: String) {
    self.message = message
    self.emoji = emoji
  }

  /// Checks, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Message {
    try chat.limits.check(emoji: emoji)
    return try await chat.change(message, .unreact(emoji: emoji), as: caller)
  }
}
