/// Closes a group or public conversation for ever; its owner may. Nobody can read or write it any more.
///
/// - Throws: `.notFound(.conversation)`; `.forbidden` as ``ConversationRules`` say.
public struct DeleteConversation: Command {
  /// Which.
  public let conversation: ConversationID

  /// Names it.
  public init(conversation: ConversationID) { self.conversation = conversation }

  /// Deletes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    let me = try await chat.user(of: caller)
    chat.publisher.publish(try await chat.conversations.delete(conversation, by: me))
  }
}
