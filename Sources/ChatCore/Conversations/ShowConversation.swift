/// Shows a conversation to who may see it, with its first ``Limits/membersShownMax`` members.
///
/// - Throws: `.notFound(.conversation)`.
public struct ShowConversation: Command {
  /// Which.
  public let conversation: ConversationID

  /// Names it.
  public init(conversation: ConversationID) { self.conversation = conversation }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Conversation {
    try await chat.visible(conversation, to: caller, members: chat.limits.membersShownMax)
  }
}

extension Chat {
  /// A conversation, if the caller may see it.
  ///
  /// - Throws: `.notFound(.conversation)`.
  func visible(_ id: ConversationID, to caller: Caller, members: Int = 0) async throws(ChatError) -> Conversation {
    guard let found = try await conversations.conversation(id, for: caller.user, members: members) else {
      throw .notFound(.conversation)
    }
    return found
  }
}
