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
  /// A picture; what follows are named by the file that they show, the text is what the sender wrote to it.
  case image
  /// Something to be heard.
  case audio
  /// Something to be watched.
  case video
  /// Any other file.
  case file
  /// A place on the map.
  case location
  /// A thing of the product behind which Martlet stands: an offer, a ticket.
  case item
}

/// How many have put one emoji on a message.
public struct ReactionCount: Hashable, Sendable {
  /// The emoji.
  public let emoji: String
  /// By how many, at least 1.
  public let count: Int64

  /// Names a count.
  public init(emoji: String, count: Int64) {
    self.emoji = emoji
    self.count = count
  }
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
  public var attachments: [Attachment]
  /// When it was stored.
  public let createdAt: Timestamp
  /// When its text was last changed.
  public var editedAt: Timestamp?
  /// When it was deleted.
  public var deletedAt: Timestamp?
  /// Its text before the last change; told to its sender by the domain's readings only, never by an event, and on no
  /// wire of our own.
  public var previousText: String?
  /// The emoji on it, in the order in which they came.
  public var reactions: [ReactionCount]
  /// The `seq` of the entry that last changed it (its text, its reactions); nil when none has.
  public var changedSeq: Int64?

  /// Which state of the message this is: rises with every change.
  public var version: Int64 { changedSeq ?? seq }

  /// Makes a message from what a store remembers.
  public init(
    id: EntryID, conversation: ConversationID, seq: Int64, sender: Author, type: MessageType, text: String,
    clientMessageID: String?, replyTo: EntryID?, createdAt: Timestamp, editedAt: Timestamp? = nil,
    deletedAt: Timestamp? = nil, attachments: [Attachment] = [],
    previousText: String? = nil, reactions: [ReactionCount] = [], changedSeq: Int64? = nil
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
    self.previousText = previousText
    self.reactions = reactions
    self.changedSeq = changedSeq
  }
}
