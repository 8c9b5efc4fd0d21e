/// Accepts one message to another user: into the direct conversation of the two, which is opened when there is none.
///
/// The reply says besides what became of it: whether these were the caller's last words.
///
/// - Throws: as ``OpenDirectConversation`` and ``SendMessage`` do.
public struct SendDirectMessage: Command {
  /// To whom.
  public let user: UserID
  /// What is said.
  public let text: String
  /// What it carries.
  public let type: MessageType

  /// Collects what is asked.
  public init(to user: UserID, text: String, type: MessageType = .text) {
    self.user = user
    self.text = text
    self.type = type
  }

  /// Checks the text before it opens anything.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Appended {
    var faults = Faults()
    faults.check(text, chat.limits.text)
    try faults.settle()
    let opened = try await OpenDirectConversation(user: user).run(in: chat, as: caller)
    let command = SendMessage(conversation: opened.conversation.id, text: text, type: type)
    return try await command.run(in: chat, as: caller)
  }
}
