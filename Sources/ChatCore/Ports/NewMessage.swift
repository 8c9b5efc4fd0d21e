/// A message that asks to be stored.
public struct NewMessage: Sendable, Hashable {
  /// Where.
  public let conversation: ConversationID
  /// Who.
  public let sender: UserID
  /// What it carries.
  public let type: MessageType
  /// What is said.
  public let text: String
  /// The sender's own id for it.
  public let clientMessageID: String?
  /// The message that it answers.
  public let replyTo: EntryID?
  /// The files that it carries, linked to the conversation before.
  public let attachments: [Attachment]

  /// Collects it.
  public init(
    conversation: ConversationID, sender: UserID, type: MessageType, text: String, clientMessageID: String?,
    replyTo: EntryID?, attachments: [Attachment] = []
  ) {
    self.conversation = conversation
    self.sender = sender
    self.type = type
    self.text = text
    self.clientMessageID = clientMessageID
    self.replyTo = replyTo
    self.attachments = attachments
  }
}

/// What became of a ``NewMessage``; handed from the store to the answer by one reference.
public final class Appended: Sendable, Hashable {
  /// The message as it is now.
  public let message: Message
  /// Whether it had been stored before, so that nothing is to be published.
  public let repeated: Bool
  /// The sender was left one last message, and this was it; a repeat does not say so again.
  public let wereLastWords: Bool
  /// The other of a direct conversation, when one of the two does not have the other among his contacts yet.
  public let stranger: UserID?

  /// Collects it.
  public init(message: Message, repeated: Bool, wereLastWords: Bool = false, stranger: UserID? = nil) {
    self.message = message
    self.repeated = repeated
    self.wereLastWords = wereLastWords
    self.stranger = stranger
  }

  /// Whether both tell the same.
  public static func == (left: Appended, right: Appended) -> Bool {
    left.message == right.message && left.repeated == right.repeated && left.wereLastWords == right.wereLastWords
      && left.stranger == right.stranger
  }

  /// Mixes in of which message it tells.
  public func hash(into hasher: inout Hasher) { hasher.combine(message.id) }
}
