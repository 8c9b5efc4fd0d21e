/// Finds the direct conversation of the caller with another user, and makes none.
///
/// - Throws: nothing of its own; nil for two who never wrote to each other, and for a user that is none.
public struct FindDirectConversation: Command {
  /// The other.
  public let user: UserID

  /// Names the other.
  public init(user: UserID) { self.user = user }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> ConversationID? {
    guard user != caller.user else { return nil }
    return try await chat.conversations.direct(caller.user, user)
  }
}
