/// Whether a user is there; best effort, never the truth of anything.
///
/// - Shape: `{"user": 16777217, "status": "offline", "last_seen_at": "2026-01-01T12:00:00.000Z"}`.
public struct Presence: Hashable, Sendable {
  /// There or not.
  public enum Status: String, Sendable, CaseIterable {
    /// At least one session of his is attached, at any door of any node.
    case online
    /// None is, and none has been for a moment.
    case offline
  }

  /// Who.
  public let user: UserID
  /// There or not.
  public let status: Status
  /// When he was last there, if that is still remembered; nil while he is.
  public let lastSeenAt: Timestamp?

  /// Says it of a user.
  public init(user: UserID, status: Status, lastSeenAt: Timestamp? = nil) {
    self.user = user
    self.status = status
    self.lastSeenAt = lastSeenAt
  }
}

/// What two users are to each other, as far as somebody's presence depends on it.
public struct Relation: Hashable, Sendable {
  /// Whether they are members of one conversation.
  public var sharesConversation: Bool
  /// Whether they have accepted each other as contacts.
  public var isContact: Bool
  /// Whether one of the two has blocked the other.
  public var isBlocked: Bool

  /// Collects it.
  public init(sharesConversation: Bool = false, isContact: Bool = false, isBlocked: Bool = false) {
    self.sharesConversation = sharesConversation
    self.isContact = isContact
    self.isBlocked = isBlocked
  }
}

/// Who may know whether somebody is there.
public enum PresenceRules {
  /// Contacts and members of a shared conversation may, unless one of the two has blocked the other.
  public static func mayWatch(_ relation: Relation) -> Bool {
    !relation.isBlocked && (relation.isContact || relation.sharesConversation)
  }
}
