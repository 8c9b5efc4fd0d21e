/// An account as it was.
public struct PastUser: Sendable {
  /// What it is to be here.
  public let id: UserID
  /// The name as he wrote it, and its key.
  public let username: Username
  /// What others see.
  public let displayName: String
  /// His address.
  public let email: String?
  /// Where his picture is.
  public let avatarURL: String?
  /// What his clients keep of him.
  public let attributes: [String: String]
  /// By which he signs in.
  public let passwordHash: String
  /// When he registered; now when nil.
  public let createdAt: Timestamp?

  /// Collects it.
  public init(
    id: UserID, username: Username, displayName: String, email: String? = nil, avatarURL: String? = nil,
    attributes: [String: String] = [:], passwordHash: String, createdAt: Timestamp? = nil
  ) {
    self.id = id
    self.username = username
    self.displayName = displayName
    self.email = email
    self.avatarURL = avatarURL
    self.attributes = attributes
    self.passwordHash = passwordHash
    self.createdAt = createdAt
  }
}

/// A group as it was.
public struct PastGroup: Sendable {
  /// What it is to be here.
  public let id: ConversationID
  /// Its title.
  public let title: String
  /// The address of its picture.
  public let picture: String?
  /// Who owns it.
  public let owner: User
  /// The other members with their roles, admin or member; distinct, the owner not among them.
  public let members: [(user: User, role: Role)]
  /// When it was made.
  public let createdAt: Timestamp

  /// Collects it.
  public init(
    id: ConversationID, title: String, picture: String? = nil, owner: User, members: [(user: User, role: Role)],
    createdAt: Timestamp
  ) {
    self.id = id
    self.title = title
    self.picture = picture
    self.owner = owner
    self.members = members
    self.createdAt = createdAt
  }

  /// All memberships, ascending by user.
  public var memberships: [Member] {
    ([(owner, .owner)] + members).map { Member(user: $0.0.id, username: $0.0.username, role: $0.1) }
      .sorted { $0.user < $1.user }
  }
}

/// A message as it was.
public struct PastMessage: Sendable, Hashable {
  /// What it answers.
  public enum Reply: Sendable, Hashable {
    /// A message that is stored, of the same conversation.
    case stored(EntryID)
    /// The message at that earlier place of those that are appended with it, of the same conversation.
    case among(Int)
  }

  /// Where.
  public let conversation: ConversationID
  /// Who, a member or one who was.
  public let sender: Author
  /// What it carries.
  public let type: MessageType
  /// What was said.
  public let text: String
  /// Under which it is known.
  public let clientMessageID: String
  /// What it answers.
  public let reply: Reply?
  /// When it was said.
  public let createdAt: Timestamp
  /// When its text was last changed.
  public let editedAt: Timestamp?

  /// Collects it.
  public init(
    conversation: ConversationID, sender: Author, type: MessageType = .text, text: String, clientMessageID: String,
    reply: Reply? = nil, createdAt: Timestamp, editedAt: Timestamp? = nil
  ) {
    self.conversation = conversation
    self.sender = sender
    self.type = type
    self.text = text
    self.clientMessageID = clientMessageID
    self.reply = reply
    self.createdAt = createdAt
    self.editedAt = editedAt
  }
}

/// What became of a ``PastMessage``.
public enum PastOutcome: Sendable, Hashable {
  /// It is stored, now or before.
  case stored(EntryID, isNew: Bool)
  /// Under its client id something else was said.
  case conflict
  /// There is no such conversation, or not any more.
  case unknownConversation
}
