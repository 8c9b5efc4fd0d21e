/// Puts the caller's reaction on a message; again it changes nothing.
///
/// - Shape: `{"message": 5121, "emoji": "👍"}`.
/// - Limits: one emoji of at most ``Limits/emojiBytesMax`` bytes; ``Limits/reactionsPerMessageMax`` different ones on a
///   message.
/// - Throws: `.invalid` at `/emoji`; `.notFound(.message)`; `.forbidden(.notAMember)`; `.conflict(.messageDeleted)`,
///   `.conflict(.tooManyReactions)`.
public struct AddReaction: Command {
  /// On which.
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
    let change = MessageChange.react(emoji: emoji, kindsMax: chat.limits.reactionsPerMessageMax)
    return try await chat.change(message, change, as: caller)
  }
}

extension Limits {
  /// - Throws: `.invalid` at `/emoji`.
  func check(emoji: String) throws(ChatError) {
    var faults = Faults()
    faults.check(emoji, self.emoji)
    try faults.settle()
  }
}
