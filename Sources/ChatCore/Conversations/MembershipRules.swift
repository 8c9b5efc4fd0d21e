/// Who may make whom a member of what; pure, so that every store asks it inside its transaction.
///
/// - Shape: a direct conversation has its two members for ever; a self conversation has its user. In a group or public
///   one:
///   - anyone signed in may join a public conversation as a plain member; the first to join an empty one becomes its
///     owner;
///   - an admin adds and removes plain members, and may step down; he touches neither the owner nor other admins;
///   - the owner also makes and unmakes admins, and passes ownership to a member (he himself is an admin from then on);
///   - he may also share ownership (``ShareOwnership``), and stays an owner beside the other;
///   - a member leaves when he likes, the only owner only after passing ownership, unless he is the last member;
///   - whose account ends leaves at once; was he the only owner, the admin who has been in for longest owns it from
///     then on, or, without admins, the member who has, as far as it is known who came when
///     (``precedes(_:_:)``).
/// - Source: design.md section 6, "Roles".
public enum MembershipRules {
  /// Everything that the decision depends on, as it stands inside the transaction.
  public struct Situation: Hashable, Sendable {
    /// What the conversation is.
    public let kind: ConversationKind
    /// The role of who asks; nil when he is no member.
    public let caller: Role?
    /// The role of whom it is about; nil when he is no member.
    public let subject: Role?
    /// Whether both are the same user.
    public let isSelf: Bool
    /// How many members there are now.
    public let memberCount: Int
    /// How many there may be.
    public let limit: Int
    /// How many owners there are, where it matters: when an owner goes.
    public let owners: Int

    /// Collects it.
    public init(
      kind: ConversationKind, caller: Role?, subject: Role?, isSelf: Bool, memberCount: Int, limit: Int,
      owners: Int = 1
    ) {
      self.owners = owners
      self.kind = kind
      self.caller = caller
      self.subject = subject
      self.isSelf = isSelf
      self.memberCount = memberCount
      self.limit = limit
    }
  }

  /// What the store is to do.
  public enum Decision: Hashable, Sendable {
    /// The subject becomes a member: `member.joined` here, `conversation.joined` in his self conversation.
    case join(Role)
    /// The subject's role changes: `member.changed`.
    case change(Role)
    /// The subject becomes the owner, the caller an admin: two `member.changed`, the new owner's first.
    case passOwnership
    /// The subject is no longer a member: `member.left` here, `conversation.left` in his self conversation.
    case leave
    /// It is so already; no entry.
    case nothing
  }

  /// Decides a change.
  ///
  /// - Throws: `.notFound(.conversation)` when the caller may not see it; `.notFound(.member)` when the subject is
  ///   none; `.forbidden` with `.wrongKind`, `.notAMember`, `.roleTooLow` or `.lastOwner`;
  ///   `.conflict(.conversationFull)`.
  public static func decide(_ change: MembershipChange, in situation: Situation) throws(ChatError) -> Decision {
    guard ConversationRules.maySee(situation.kind, role: situation.caller) else { throw .notFound(.conversation) }
    guard situation.kind.hasRoles else { throw .forbidden(.wrongKind) }
    switch change {
    case .put(let role): return try put(role, in: situation)
    case .remove: return try remove(in: situation)
    case .share: return try share(in: situation)
    }
  }

  private static func share(in situation: Situation) throws(ChatError) -> Decision {
    guard try ConversationRules.member(of: situation.kind, role: situation.caller) == .owner else {
      throw .forbidden(.roleTooLow)
    }
    guard let subject = situation.subject else { throw .notFound(.member) }
    return subject == .owner ? .nothing : .change(.owner)
  }

  private static func put(_ role: Role?, in situation: Situation) throws(ChatError) -> Decision {
    if situation.isSelf { return try putSelf(role, in: situation) }
    let caller = try ConversationRules.member(of: situation.kind, role: situation.caller)
    if caller == .member { throw .forbidden(.roleTooLow) }
    guard let subject = situation.subject else {
      if role == .owner { throw caller == .owner ? .notFound(.member) : .forbidden(.roleTooLow) }
      if role == .admin, caller != .owner { throw .forbidden(.roleTooLow) }
      return try join(role ?? .member, in: situation)
    }
    guard let role, role != subject else { return .nothing }
    if caller != .owner { throw .forbidden(.roleTooLow) }
    return role == .owner ? .passOwnership : .change(role)
  }

  private static func putSelf(_ role: Role?, in situation: Situation) throws(ChatError) -> Decision {
    guard let own = situation.caller else {
      guard role == nil || role == .member else { throw .forbidden(.roleTooLow) }
      return try join(situation.memberCount == 0 ? .owner : .member, in: situation)
    }
    guard let role, role != own else { return .nothing }
    switch own {
    case .owner: throw .forbidden(.lastOwner)
    case .admin where role == .member: return .change(.member)
    case .admin, .member: throw .forbidden(.roleTooLow)
    }
  }

  private static func join(_ role: Role, in situation: Situation) throws(ChatError) -> Decision {
    guard situation.memberCount < situation.limit else { throw .conflict(.conversationFull) }
    return .join(role)
  }

  private static func remove(in situation: Situation) throws(ChatError) -> Decision {
    if situation.isSelf {
      guard let own = situation.caller else { throw .notFound(.member) }
      if own == .owner, situation.owners <= 1, situation.memberCount > 1 { throw .forbidden(.lastOwner) }
      return .leave
    }
    let caller = try ConversationRules.member(of: situation.kind, role: situation.caller)
    if caller == .member { throw .forbidden(.roleTooLow) }
    guard let subject = situation.subject else { throw .notFound(.member) }
    if caller == .admin, subject != .member { throw .forbidden(.roleTooLow) }
    return .leave
  }
}

extension MembershipRules {
  /// How one whose account has ended leaves a conversation.
  public enum Exit: Hashable, Sendable {
    /// Not at all: it is a direct conversation, which stays the other's, or he is no member.
    case none
    /// `member.left`.
    case leave
    /// The one who is first by ``precedes(_:_:)`` becomes the owner, `member.changed`; then `member.left`.
    case leaveToSuccessor
  }

  /// Decides it; never refused.
  ///
  /// - Parameters:
  ///   - role: his own; nil when he is no member.
  ///   - owners: how many owners there are, himself among them.
  ///   - members: how many members.
  public static func exit(from kind: ConversationKind, role: Role?, owners: Int, members: Int) -> Exit {
    guard kind.hasRoles, let role else { return .none }
    return role == .owner && owners <= 1 && members > 1 ? .leaveToSuccessor : .leave
  }

  /// Whether one member succeeds an owner before another: admins first, then by the `seq` of the entry by which they
  /// came last, 0 for who came before that was remembered, then by id.
  public static func precedes(_ one: (member: Member, joinedSeq: Int64), _ other: (member: Member, joinedSeq: Int64))
    -> Bool
  {
    let (isAdmin, isOther) = (one.member.role == .admin, other.member.role == .admin)
    if isAdmin != isOther { return isAdmin }
    return (one.joinedSeq, one.member.user) < (other.joinedSeq, other.member.user)
  }
}

/// A change of one user's membership.
public enum MembershipChange: Sendable, Hashable {
  /// Becomes a member with that role, or gets that role when he is one; nil keeps or makes a plain member.
  case put(Role?)
  /// Is no longer a member.
  case remove
  /// Becomes an owner beside the caller.
  case share
}
