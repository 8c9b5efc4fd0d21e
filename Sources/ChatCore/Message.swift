/// Who did something, as shown to others.
public struct Author: Hashable, Sendable {
  /// His id.
  public let id: UserID
  /// His name when he did it.
  public let username: String

  /// Names an author.
  public init(id: UserID, username: String) {
    self.id = id
    self.username = username
  }
}

/// What a message carries.
public enum MessageType: String, Sendable, CaseIterable {
  /// Plain text.
  case text
}

/// A message as it is now.
public struct Message: Hashable, Sendable {
  /// The id of its log entry.
  public let id: EntryID
  /// Where it was said.
  public let conversation: ConversationID
  /// Its place in the conversation.
  public let seq: Int64
  /// Who said it.
  public let sender: Author
  /// What it carries.
  public let type: MessageType
  /// What was said; empty once deleted.
  public var text: String
  /// The sender's own id for it, by which a repeated send is known.
  public let clientMessageID: String?
  /// The message that it answers.
  public let replyTo: EntryID?
  /// The files that it carries; none once deleted.
  public let attachments: [Attachment]
  /// When it was stored.
  public let createdAt: Timestamp
  /// When its text was last changed.
  public var editedAt: Timestamp?
  /// When it was deleted.
  public var deletedAt: Timestamp?

  /// Makes a message from what a store remembers.
  public init(
    id: EntryID, conversation: ConversationID, seq: Int64, sender: Author, type: MessageType, text: String,
    clientMessageID: String?, replyTo: EntryID?, createdAt: Timestamp, editedAt: Timestamp? = nil,
    deletedAt: Timestamp? = nil, attachments: [Attachment] = []
  ) {
    self.id = id
    self.conversation = conversation
    self.seq = seq
    self.sender = sender
    self.type = type
    self.text = text
    self.clientMessageID = clientMessageID
    self.replyTo = replyTo
    self.attachments = deletedAt == nil ? attachments : []
    self.createdAt = createdAt
    self.editedAt = editedAt
    self.deletedAt = deletedAt
  }
}
