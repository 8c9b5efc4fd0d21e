/// One who has an account.
public struct User: Hashable, Sendable {
  /// His id, for ever.
  public let id: UserID
  /// The name he signs in with, as he wrote it; unique without regard to case.
  public let username: String
  /// What others see.
  public var displayName: String
  /// His address, seen by himself only.
  public var email: String?
  /// When he registered.
  public let createdAt: Timestamp
  /// The conversation of kind `self` whose log tells his own affairs.
  public let ownConversation: ConversationID
  /// Where his picture is.
  public var avatarURL: String?
  /// What his clients keep of him besides, seen by himself and by the dialects that name them; see ``ProfileRules``.
  public var attributes: [String: String]

  /// Makes a user from what a store remembers.
  public init(
    id: UserID, username: String, displayName: String, email: String?, createdAt: Timestamp,
    ownConversation: ConversationID, avatarURL: String? = nil, attributes: [String: String] = [:]
  ) {
    self.id = id
    self.username = username
    self.displayName = displayName
    self.email = email
    self.createdAt = createdAt
    self.ownConversation = ownConversation
    self.avatarURL = avatarURL
    self.attributes = attributes
  }
}

/// The authenticated user on whose behalf a command runs.
public struct Caller: Hashable, Sendable {
  /// Who.
  public let user: UserID
  /// The sign-in session through which he speaks.
  public let session: SessionID

  /// Made by the door that has verified the token.
  public init(user: UserID, session: SessionID) {
    self.user = user
    self.session = session
  }
}

/// A sign-in session: one device of a user from signing in to signing out.
public struct Session: Hashable, Sendable {
  /// Stands in tokens as `sid`.
  public let id: SessionID
  /// Whose it is.
  public let user: UserID
  /// What the client called itself at sign-in.
  public let device: String?
  /// When he signed in.
  public let createdAt: Timestamp
  /// When its tokens were last refreshed.
  public let lastSeenAt: Timestamp

  /// Makes a session from what a store remembers.
  public init(id: SessionID, user: UserID, device: String?, createdAt: Timestamp, lastSeenAt: Timestamp) {
    self.id = id
    self.user = user
    self.device = device
    self.createdAt = createdAt
    self.lastSeenAt = lastSeenAt
  }
}
