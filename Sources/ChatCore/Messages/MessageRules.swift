/// Who may change a message how, and what becomes of it; pure, so that every store asks it inside its transaction.
///
/// - Shape: its author edits it; its author, and in a group or public conversation its owner and admins, delete it;
///   every member reacts. All of it needs membership, as writing does. A deleted message is not changed any more. What
///   would say something new, an edit or a reaction, is refused between two as writing is; taking back is not.
public enum MessageRules {
  /// Everything that the decision depends on, as it stands inside the transaction.
  public struct Situation: Sendable {
    /// The message.
    public let message: Message
    /// What its conversation is.
    public let kind: ConversationKind
    /// Who asks, and his name there.
    public let caller: Author
    /// His role there; nil when he is no member.
    public let role: Role?
    /// Whether the reaction that the change names is on the message by him.
    public let hasReacted: Bool
    /// What the two of a direct conversation are to each other; nil of any other.
    public let pair: ContactPair?
    /// The place that the entry of the change gets.
    public let nextSeq: Int64
    /// When it is.
    public let moment: Timestamp

    /// Collects it.
    public init(
      message: Message, kind: ConversationKind, caller: Author, role: Role?, hasReacted: Bool,
      pair: ContactPair?, nextSeq: Int64, moment: Timestamp
    ) {
      self.message = message
      self.kind = kind
      self.caller = caller
      self.role = role
      self.hasReacted = hasReacted
      self.pair = pair
      self.nextSeq = nextSeq
      self.moment = moment
    }
  }

  /// The message as it is to be stored, and the event that tells it, which leaves ``Message/previousText`` out.
  public struct Decision: Hashable, Sendable {
    /// The message.
    public let message: Message
    /// What happened.
    public let event: Event
  }

  /// Decides a change; nil when it is so already.
  ///
  /// - Throws: `.notFound(.message)` when the caller may not see it; `.forbidden` with `.notAMember`, `.notTheAuthor`,
  ///   `.blocked`; `.timedOut`;
  ///   `.conflict` with `.messageDeleted`, `.messageChanged`, `.tooManyReactions`.
  public static func decide(_ change: MessageChange, in situation: Situation) throws(ChatError) -> Decision? {
    try checkMembership(situation)
    switch change {
    case .edit(let text, let versions):
      try checkReach(situation)
      return try edit(text, versions, in: situation)
    case .delete: return try delete(in: situation)
    case .react(let emoji, let kindsMax):
      try checkReach(situation)
      return try react(emoji, kindsMax, in: situation)
    case .unreact(let emoji): return unreact(emoji, in: situation)
    }
  }

  private static func checkMembership(_ situation: Situation) throws(ChatError) {
    guard ConversationRules.maySee(situation.kind, role: situation.role) else { throw .notFound(.message) }
    try ConversationRules.checkWriting(situation.kind, role: situation.role)
  }

  private static func checkReach(_ situation: Situation) throws(ChatError) {
    guard let pair = situation.pair else { return }
    try ContactRules.checkSaying(pair, by: situation.caller.id, at: situation.moment)
  }

  private static func isAuthor(_ situation: Situation) -> Bool { situation.message.sender.id == situation.caller.id }

  private static func edit(
    _ text: String, _ versions: Set<Int64>?, in situation: Situation
  ) throws(ChatError) -> Decision? {
    guard isAuthor(situation) else { throw .forbidden(.notTheAuthor) }
    var message = situation.message
    guard message.deletedAt == nil else { throw .conflict(.messageDeleted) }
    if let versions, !versions.contains(message.version) { throw .conflict(.messageChanged) }
    // By bytes: Swift takes canonically equal strings for equal and the database does not.
    if message.text.utf8.elementsEqual(text.utf8) { return nil }
    message.previousText = message.text
    message.text = text
    message.editedAt = situation.moment
    message.changedSeq = situation.nextSeq
    return Decision(message: message, event: .messageEdited(message.told))
  }

  private static func delete(in situation: Situation) throws(ChatError) -> Decision? {
    let mayOthers = situation.kind.hasRoles && situation.role != .member
    guard isAuthor(situation) || mayOthers else { throw .forbidden(.notTheAuthor) }
    var message = situation.message
    if message.deletedAt != nil { return nil }
    message.text = ""
    message.previousText = nil
    message.reactions = []
    message.attachments = []
    message.deletedAt = situation.moment
    message.changedSeq = situation.nextSeq
    return Decision(message: message, event: .messageDeleted(message))
  }

  private static func react(
    _ emoji: String, _ kindsMax: Int, in situation: Situation
  ) throws(ChatError) -> Decision? {
    var message = situation.message
    guard message.deletedAt == nil else { throw .conflict(.messageDeleted) }
    if situation.hasReacted { return nil }
    guard let count = message.count(emoji, by: 1, kindsMax: kindsMax) else { throw .conflict(.tooManyReactions) }
    message.changedSeq = situation.nextSeq
    let event = Event.reactionAdded(message: message.id, messageSeq: message.seq, emoji: emoji, count: count)
    return Decision(message: message, event: event)
  }

  private static func unreact(_ emoji: String, in situation: Situation) -> Decision? {
    guard situation.hasReacted, situation.message.deletedAt == nil else { return nil }
    var message = situation.message
    let count = message.count(emoji, by: -1, kindsMax: .max) ?? 0
    message.changedSeq = situation.nextSeq
    let event = Event.reactionRemoved(message: message.id, messageSeq: message.seq, emoji: emoji, count: count)
    return Decision(message: message, event: event)
  }
}

extension Message {
  /// As events tell it, to all members alike.
  public var told: Message {
    var message = self
    message.previousText = nil
    return message
  }

  /// As that user may see it.
  func seen(by user: UserID) -> Message { sender.id == user ? self : told }

  /// Counts a reaction up or down; nil when it would be one kind too many.
  fileprivate mutating func count(_ emoji: String, by step: Int64, kindsMax: Int) -> Int64? {
    guard let index = reactions.firstIndex(where: { $0.emoji.utf8.elementsEqual(emoji.utf8) }) else {
      guard reactions.count < kindsMax else { return nil }
      reactions.append(ReactionCount(emoji: emoji, count: max(1, step)))
      return max(1, step)
    }
    let count = max(0, reactions[index].count + step)
    if count == 0 {
      reactions.remove(at: index)
    } else {
      reactions[index] = ReactionCount(emoji: reactions[index].emoji, count: count)
    }
    return count
  }
}
