/// What another is to a user: one direction of an acquaintance, as its owner may see it.
///
/// - Shape: `{"user", "username", "state", "status", "blocked", "timeout_until", "streak", "initiator", "created_at"}`.
public struct Contact: Hashable, Sendable {
  /// The other.
  public let user: UserID
  /// His name.
  public let username: String
  /// How far they have come; nil when he is not, or no longer, among the owner's contacts.
  public let state: ContactState?
  /// The same in the dialects' words; nil when there is nothing to say.
  public let label: ContactLabel?
  /// Whether the owner has blocked him.
  public let isBlocked: Bool
  /// Until when he may not write to the owner.
  public let timeoutUntil: Timestamp?
  /// Days on which both wrote; nil when there was never one.
  public let streak: Int64?
  /// Whether the owner was the first to add or ask.
  public let isInitiator: Bool
  /// Since when he is a contact.
  public let since: Timestamp?

  /// Makes a contact from what a store or the broker remembers.
  public init(
    user: UserID, username: String, state: ContactState?, label: ContactLabel?, isBlocked: Bool,
    timeoutUntil: Timestamp?, streak: Int64?, isInitiator: Bool, since: Timestamp?
  ) {
    self.user = user
    self.username = username
    self.state = state
    self.label = label
    self.isBlocked = isBlocked
    self.timeoutUntil = timeoutUntil
    self.streak = streak
    self.isInitiator = isInitiator
    self.since = since
  }
}

/// How far two have come, as the owner of a contact sees it.
public enum ContactState: String, Sendable, CaseIterable {
  /// Added without asking, or by the first message.
  case new
  /// The owner has asked; the other has not answered.
  case requested
  /// The other has asked; the owner has not answered.
  case requesting
  /// Both want it.
  case accepted
}

/// The one word a direction of an acquaintance has in the dialects; each may also be set by hand.
public enum ContactLabel: String, Sendable, CaseIterable {
  /// Nothing more than known; also one who has asked and waits for the answer.
  case new
  /// The owner's word for the other: he has asked him, or both have accepted.
  case friend
  /// The owner lets him write no more.
  case blocked
  /// He may not write to the owner until a moment.
  case timeout
  /// One last message: the owner's to him, who has blocked the owner; or, set by hand, his to the owner.
  case lastWords = "last_words"
}
