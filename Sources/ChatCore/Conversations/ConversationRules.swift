/// Who may see, write to, rename and delete a conversation; pure, so that every store asks it inside its transaction.
///
/// What the caller may not even see is `.notFound(.conversation)`; what he sees but may not do is `.forbidden`.
public enum ConversationRules {
  /// Whether a user with that role (nil: no member) may read it: members, and anyone signed in when it is public.
  public static func maySee(_ kind: ConversationKind, role: Role?) -> Bool { role != nil || kind == .public }

  /// Lets a member write; the self conversation is written by the system only.
  ///
  /// - Throws: `.notFound(.conversation)`, `.forbidden(.notAMember)`, `.forbidden(.wrongKind)`.
  public static func checkWriting(_ kind: ConversationKind, role: Role?) throws(ChatError) {
    _ = try member(of: kind, role: role)
    if kind == .self { throw .forbidden(.wrongKind) }
  }

  /// Lets the owner and admins of a group or public conversation change its title and picture.
  ///
  /// - Throws: as ``checkWriting(_:role:)``, and `.forbidden(.roleTooLow)`.
  public static func checkRenaming(_ kind: ConversationKind, role: Role?) throws(ChatError) {
    let role = try member(of: kind, role: role)
    if !kind.hasRoles { throw .forbidden(.wrongKind) }
    if role == .member { throw .forbidden(.roleTooLow) }
  }

  /// Lets the owner of a group or public conversation delete it.
  ///
  /// - Throws: as ``checkRenaming(_:role:)``.
  public static func checkDeleting(_ kind: ConversationKind, role: Role?) throws(ChatError) {
    let role = try member(of: kind, role: role)
    if !kind.hasRoles { throw .forbidden(.wrongKind) }
    if role != .owner { throw .forbidden(.roleTooLow) }
  }

  /// Lets a user enter one more conversation who has that many, of which `most` are allowed.
  ///
  /// - Throws: `.conflict(.conversationsFull)`.
  public static func checkEntering(_ count: Int, most: Int) throws(ChatError) {
    guard count < most else { throw .conflict(.conversationsFull) }
  }

  /// How many of `most` conversations others may have entered somebody into without asking him: three quarters, so that
  /// whoever makes him a member of thousands leaves him room to make and join his own, and to be written to.
  public static func mostByOthers(_ most: Int) -> Int { most - most / 4 }

  /// The role of a member; a stranger is told as much as he may see.
  static func member(of kind: ConversationKind, role: Role?) throws(ChatError) -> Role {
    guard let role else { throw kind == .public ? .forbidden(.notAMember) : .notFound(.conversation) }
    return role
  }
}

extension ConversationKind {
  /// Whether members come, go and have roles: group and public conversations.
  public var hasRoles: Bool {
    switch self {
    case .group, .public: true
    case .direct, .self: false
    }
  }
}
