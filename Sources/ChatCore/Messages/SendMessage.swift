/// Accepts one message into a conversation.
///
/// Committed before it is answered, told to the members after that. Membership is checked in the transaction that
/// stores it.
///
/// - Shape: `{"text": "hi", "client_message_id": "c1", "reply_to": 5121}`; the client's id makes a repeated send
///   harmless: it gets the first answer, for ever, through any node.
/// - Limits: `text` of 1 … ``Limits/textBytesMax`` UTF-8 bytes with something to be seen in it.
/// - Throws: `.invalid` at `/text`, `/client_message_id`, `/reply_to`; `.notFound(.conversation)`;
///   `.forbidden(.notAMember)` (public, not joined), `.forbidden(.wrongKind)` (self); `.forbidden(.blocked)` and
///   `.timedOut` (direct, see ``ContactRules``); `.conflict(.idempotency)`;
///   `.unavailable(.database)` within 5 s, to be repeated with the same client id.
public struct SendMessage: Command {
  /// Where.
  public let conversation: ConversationID
  /// What is said.
  public let text: String
  /// What it carries.
  public let type: MessageType
  /// The sender's own id for it.
  public let clientMessageID: String?
  /// The message that it answers.
  public let replyTo: EntryID?

  /// Collects what is asked.
  public init(
    conversation: ConversationID, text: String, type: MessageType = .text, clientMessageID: String? = nil,
    replyTo: EntryID? = nil
  ) {
    self.conversation = conversation
    self.text = text
    self.type = type
    self.clientMessageID = clientMessageID
    self.replyTo = replyTo
  }

  /// Checks, stores, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Appended {
    var faults = Faults()
    faults.check(text, chat.limits.text)
    faults.check(clientMessageID, chat.limits.clientMessageID)
    try faults.settle()
    let appended = try await chat.log.append(
      NewMessage(
        conversation: conversation, sender: caller.user, type: type, text: text, clientMessageID: clientMessageID,
        replyTo: replyTo))
    if !appended.repeated { chat.publisher.publish([Entry(creating: appended.message)]) }
    if let stranger = appended.stranger { await meet(stranger, in: chat, as: caller) }
    return appended
  }

  /// Strangers who write to each other become contacts. Whatever stands against it leaves the message stored; the next
  /// one tries again.
  private func meet(_ stranger: UserID, in chat: Chat, as caller: Caller) async {
    _ = try? await chat.change(.meet, with: stranger, as: caller)
  }
}

extension Entry {
  /// The log entry of a message that was just stored.
  public init(creating message: Message) {
    self.init(
      conversation: message.conversation, seq: message.seq, id: message.id, createdAt: message.createdAt,
      author: message.sender, event: .messageCreated(message))
  }
}
