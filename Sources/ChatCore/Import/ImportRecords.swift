/// Takes over what one user was to another.
///
/// - Shape: `{"type": "contact", "of": "17", "to": "18", "state": "accepted", "blocked": false}`.
/// - Throws: `.invalid` at `/to` for oneself, at `/created_at`; `.conflict(.contactsFull)`; `.notFound(.user)` when the
///   account of one of the two has ended.
public struct ImportContact: Sendable {
  /// Whose contact.
  public let user: User
  /// The other.
  public let other: User
  /// How far they have come; nil when there is only a block.
  public let state: ContactState?
  /// Whether he lets the other not write.
  public let isBlocked: Bool
  /// Since when.
  public let since: Timestamp?

  /// Collects it.
  public init(user: User, other: User, state: ContactState?, isBlocked: Bool, since: Timestamp?) {
    self.user = user
    self.other = other
    self.state = state
    self.isBlocked = isBlocked
    self.since = since
  }

  /// Checks, stores.
  public func run(in ports: ImportPorts) async throws(ChatError) {
    var faults = Faults()
    if user.id == other.id { faults.add("/to", "not_allowed", "to must be another user than of.") }
    faults.check(since, "created_at", notAfter: ports.clock.now)
    try faults.settle()
    try await ports.store.restore(
      state, isBlocked: isBlocked, since: since, of: user, to: other, limit: ports.limits.contactsPerUserMax)
  }
}

/// Takes over one group.
///
/// - Shape: `{"type": "group", "key": "3", "title": "Room", "owner": "17", "members": [{"user": "18"}], …}`.
/// - Limits: ``Limits/groupMembersMax``, with the owner.
/// - Throws: `.invalid` naming each wrong member; `.conflict(.idempotency)` when another group has the id;
///   `.notFound(.user)` when the account of one of them has ended, `.conflict(.conversationsFull)` when one of them has
///   ``Limits/conversationsPerUserMax``, unless the group is there.
public struct ImportGroup: Sendable {
  /// What it was called.
  public let key: ImportKey
  /// Its title.
  public let title: String
  /// The address of its picture.
  public let picture: String?
  /// Who owns it.
  public let owner: User
  /// The members with their roles; the owner may be among them.
  public let members: [(user: User, role: Role)]
  /// When it was made.
  public let createdAt: Timestamp

  /// Collects it.
  public init(
    key: ImportKey, title: String, picture: String?, owner: User, members: [(user: User, role: Role)],
    createdAt: Timestamp
  ) {
    self.key = key
    self.title = title
    self.picture = picture
    self.owner = owner
    self.members = members
    self.createdAt = createdAt
  }

  /// Checks, stores; false when an earlier run has done it.
  public func run(in ports: ImportPorts) async throws(ChatError) -> Bool {
    var seen: Set<UserID> = [owner.id]
    let others = members.filter { seen.insert($0.user.id).inserted }
    var faults = Faults()
    faults.check(key, ports.limits)
    faults.check(title, ports.limits.title)
    faults.check(picture, ports.limits.picture)
    if others.count >= ports.limits.groupMembersMax {
      faults.add("/members", "too_long", "A group has at most \(ports.limits.groupMembersMax) members.")
    }
    faults.check(createdAt, "created_at", notAfter: ports.clock.now)
    try faults.settle()
    return try await ports.store.create(
      PastGroup(
        id: key.group, title: title, picture: picture, owner: owner, members: others, createdAt: createdAt),
      most: ports.limits.conversationsPerUserMax)
  }
}

/// Whether a message may be taken over.
///
/// - Shape: `{"type": "message", "key": "9", "from": "17", "to": "18", "text": "hi", "created_at": "…"}`.
public enum ImportMessage {
  /// - Throws: `.invalid` at `/key`, `/text`, `/created_at`, `/edited_at`.
  public static func check(
    _ key: ImportKey, text: String, createdAt: Timestamp, editedAt: Timestamp?, in ports: ImportPorts
  ) throws(ChatError) {
    var faults = Faults()
    faults.check(key, ports.limits)
    faults.check(text, ports.limits.text)
    faults.check(createdAt, "created_at", notAfter: ports.clock.now)
    faults.check(editedAt, "edited_at", notAfter: ports.clock.now)
    try faults.settle()
  }
}
