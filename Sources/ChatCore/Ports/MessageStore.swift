/// Messages after they were sent: their changes, reactions, and who has read how far.
///
/// Each change is one transaction on the conversation's bucket under the lock of its log: rules, the message's row and
/// the entry that tells it hold together. A change that is so already makes no entry.
public protocol MessageStore: Sendable {
  /// The message as it is now, if `reader` may see it.
  func message(_ id: EntryID, for reader: UserID) async throws(ChatError) -> Message?
  /// Changes it as ``MessageRules`` decide inside the transaction.
  ///
  /// From its deletion on no reading tells its text or reactions any more; entries of earlier edits tell the message as
  /// it is now, as all entries of messages do.
  ///
  /// - Throws: `.notFound(.message)`; `.forbidden` and `.conflict` as ``MessageRules`` say.
  func change(_ id: EntryID, _ change: MessageChange, by caller: UserID) async throws(ChatError) -> ChangedMessage
  /// How a user stands in a conversation that is there; `member` is nil when he is none.
  func standing(of user: UserID, in id: ConversationID) async throws(ChatError) -> MemberStanding?
  /// Moves the member's read marker forward to `seq`, never back; true when it moved.
  func markRead(_ id: ConversationID, _ user: UserID, upTo seq: Int64) async throws(ChatError) -> Bool
}

/// What is to become of a message.
public enum MessageChange: Sendable, Hashable {
  /// Another text; with `versions` only if the message is in one of those (``Message/version``).
  case edit(text: String, versions: Set<Int64>?)
  /// Its text is gone.
  case delete
  /// The caller's reaction is on it.
  case react(emoji: String, kindsMax: Int)
  /// The caller's reaction is not on it.
  case unreact(emoji: String)
}

/// What became of it.
public struct ChangedMessage: Sendable, Hashable {
  /// The message as it is now.
  public let message: Message
  /// The entry that tells it; nil when it was so already.
  public let made: Made?

  /// Collects it.
  public init(message: Message, made: Made?) {
    self.message = message
    self.made = made
  }
}

/// A conversation as one user stands in it.
public struct MemberStanding: Sendable, Hashable {
  /// What it is.
  public let kind: ConversationKind
  /// The `seq` of its last entry.
  public let head: Int64
  /// How many members it has.
  public let memberCount: Int
  /// The user's membership.
  public let member: Member?
  /// What the two of a direct conversation are to each other; nil of any other.
  public let pair: ContactPair?

  /// Collects it.
  public init(kind: ConversationKind, head: Int64, memberCount: Int, member: Member?, pair: ContactPair? = nil) {
    self.kind = kind
    self.head = head
    self.memberCount = memberCount
    self.member = member
    self.pair = pair
  }
}
