/// Changes the title of a group or public conversation; owner and admins may.
///
/// - Shape: `{"title": "Hall"}`.
/// - Throws: `.invalid` at `/title`; `.notFound(.conversation)`; `.forbidden` as ``ConversationRules`` say.
public struct RenameConversation: Command {
  /// Which.
  public let conversation: ConversationID
  /// The new title.
  public let title: String

  /// Collects what is asked.
  public init(conversation: ConversationID, title: String) {
    self.conversation = conversation
    self.title = title
  }

  /// Checks, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Conversation {
    var faults = Faults()
    faults.check(title, chat.limits.title)
    try faults.settle()
    let me = try await chat.user(of: caller)
    let (renamed, made) = try await chat.conversations.rename(conversation, title: title, by: me)
    if let made { chat.publisher.publish(made) }
    return renamed
  }
}
