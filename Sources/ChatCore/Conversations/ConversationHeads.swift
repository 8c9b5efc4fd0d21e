/// Tells the heads of all the caller's conversations, his self conversation too: where live delivery begins.
public struct ConversationHeads: Command {
  /// Asks nothing more.
  public init() {}

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> [ConversationID: Int64] {
    try await chat.conversations.heads(of: caller.user)
  }
}
