/// What has happened in a conversation; each is one entry of its log.
///
/// A switch over it has no `default`: a new case makes the compiler list every wire that must say it. What it tells
/// stands apart from it, so that handing an entry on costs one reference instead of one for each text of a message.
public indirect enum Event: Hashable, Sendable {
  /// The conversation was made; always `seq` 1. Its members are those it was made with.
  case conversationCreated(Conversation)
  /// Its title or picture was changed; both as they are now.
  case conversationUpdated(title: String, picture: String?)
  /// It was closed for ever by its owner.
  case conversationDeleted
  /// Somebody said something.
  case messageCreated(Message)
  /// The text of a message was changed; the message as it is now.
  case messageEdited(Message)
  /// A message was deleted; the message as it is now, without text.
  case messageDeleted(Message)
  /// A reaction was put on a message; `count` is by how many it is there since then.
  case reactionAdded(message: EntryID, messageSeq: Int64, emoji: String, count: Int64)
  /// A reaction was taken off a message; `count` is by how many it still is there.
  case reactionRemoved(message: EntryID, messageSeq: Int64, emoji: String, count: Int64)
  /// Somebody became a member.
  case memberJoined(Member)
  /// Somebody is no longer a member, by leaving or by being removed (the entry's author says which).
  case memberLeft(Author)
  /// A member's role changed.
  case memberChanged(Member)
  /// In the self conversation: the user is now a member of that conversation, whose entry `seq` says so.
  case joined(ConversationID, seq: Int64)
  /// In the self conversation: the user is no longer a member of that conversation since its entry `seq`.
  case left(ConversationID, seq: Int64)
  /// In the self conversation: what another is to the user has changed; without a state he is no contact any more.
  case contactChanged(Contact)
  /// In the self conversation: the user has blocked another, or no longer does.
  case blockChanged(Author, isBlocked: Bool)
  /// Something that only a newer version knows, by the number under which it is stored. It keeps its place in every
  /// page, resume and live delivery, so that no `seq` is missing while two versions run side by side.
  case unknown(code: Int16)

  /// The event's name on every wire of our own, as in `{"t":"message.created", …}`.
  public var name: String {
    switch self {
    case .conversationCreated: "conversation.created"
    case .conversationUpdated: "conversation.updated"
    case .conversationDeleted: "conversation.deleted"
    case .messageCreated: "message.created"
    case .messageEdited: "message.edited"
    case .messageDeleted: "message.deleted"
    case .reactionAdded: "reaction.added"
    case .reactionRemoved: "reaction.removed"
    case .memberJoined: "member.joined"
    case .memberLeft: "member.left"
    case .memberChanged: "member.changed"
    case .joined: "conversation.joined"
    case .left: "conversation.left"
    case .unknown: "unknown"
    case .contactChanged: "contact.changed"
    case .blockChanged: "block.changed"
    }
  }
}

/// One entry of a conversation's log: an event with its place.
public struct Entry: Hashable, Sendable {
  /// Whose log.
  public let conversation: ConversationID
  /// Its place in the conversation: 1, 2, 3 … without holes.
  public let seq: Int64
  /// Its place in the bucket: `counter` is dense and in commit order.
  public let id: EntryID
  /// When it was stored.
  public let createdAt: Timestamp
  /// Who did it.
  public let author: Author
  /// What happened.
  public let event: Event

  /// Makes an entry from what a store has committed.
  public init(
    conversation: ConversationID, seq: Int64, id: EntryID, createdAt: Timestamp, author: Author, event: Event
  ) {
    self.conversation = conversation
    self.seq = seq
    self.id = id
    self.createdAt = createdAt
    self.author = author
    self.event = event
  }
}

/// What is told to connected users without a place in any log; it may be lost.
public enum Signal: Hashable, Sendable {
  /// Sign-in sessions have ended: those of the list, or all of the user when it is empty.
  case signedOut(UserID, sessions: [SessionID])
  /// The user's account has been deleted.
  case accountGone(UserID)
  /// One of the two has blocked the other: the first hears no more whether the second is there.
  case estranged(UserID, from: UserID)
  /// A member is writing.
  case typing(ConversationID, Author)
  /// A member has read up to `seq`.
  case read(ConversationID, UserID, seq: Int64)
  /// A client of a foreign wire tells others who speak it.
  case relayed(Relay)
}
