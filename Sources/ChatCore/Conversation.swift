/// What a conversation is, which decides its rules.
public enum ConversationKind: String, Sendable, CaseIterable {
  /// Two people; there is one for each pair.
  case direct
  /// Members whom an owner or admin has added.
  case group
  /// Anyone signed in may read and join.
  case `public`
  /// A user's own affairs: requests, blocks, conversations joined and left. He alone reads it; nobody writes to it.
  case `self`
}

/// What a member may do.
public enum Role: String, Sendable, CaseIterable {
  /// Everything; passes ownership.
  case owner
  /// Renames, adds and removes members, deletes messages.
  case admin
  /// Writes and leaves.
  case member
}

/// One user's membership in a conversation.
public struct Member: Hashable, Sendable {
  /// Who.
  public let user: UserID
  /// His name.
  public let username: String
  /// What he may do here.
  public var role: Role
  /// Up to where he has read, 0 at first; events tell nothing of it and leave it 0.
  public var readSeq: Int64

  /// Makes a membership from what a store remembers.
  public init(user: UserID, username: String, role: Role, readSeq: Int64 = 0) {
    self.user = user
    self.username = username
    self.role = role
    self.readSeq = readSeq
  }
}

extension Conversation {
  /// Takes over what is not nil; false when it was so already.
  ///
  /// Compared by bytes: strings are equal in Swift when they are canonically, and stores keep bytes.
  public mutating func take(title: String?, picture: String??) -> Bool {
    var isChanged = false
    if let title, self.title.map({ !$0.utf8.elementsEqual(title.utf8) }) ?? true {
      self.title = title
      isChanged = true
    }
    if let picture, picture.map({ Array($0.utf8) }) != self.picture.map({ Array($0.utf8) }) {
      self.picture = picture
      isChanged = true
    }
    return isChanged
  }
}

/// A conversation: a log with members.
public struct Conversation: Hashable, Sendable {
  /// Its id; the bucket in it holds everything of the conversation.
  public let id: ConversationID
  /// What it is.
  public let kind: ConversationKind
  /// Its title; none in direct and self conversations.
  public var title: String?
  /// The address of its picture; clients load it, Martlet does not.
  public var picture: String?
  /// The `seq` of the last entry of its log.
  public var head: Int64
  /// When it was made.
  public let createdAt: Timestamp
  /// Its members, as far as the reader asked for them; ascending by user id.
  public var members: [Member]
  /// How many members there are, also when ``members`` holds only the first of them.
  public var memberCount: Int
  /// Up to where the member has read who asked for it; 0 for anyone else, and in events.
  public var readSeq: Int64

  /// Makes a conversation from what a store remembers.
  public init(
    id: ConversationID, kind: ConversationKind, title: String?, picture: String? = nil, head: Int64,
    createdAt: Timestamp, members: [Member], memberCount: Int, readSeq: Int64 = 0
  ) {
    self.id = id
    self.kind = kind
    self.title = title
    self.picture = picture
    self.head = head
    self.createdAt = createdAt
    self.members = members
    self.memberCount = memberCount
    self.readSeq = readSeq
  }
}
