/// Who is there, over all nodes: presence is a lease, and what a node says of its users falls with it.
///
/// Best effort: nothing here fails or is waited for; while what joins the nodes is away, what was known stays.
///
/// - Isolation: one a loop; called and calling back on that loop only.
public protocol PresenceDirectory: Sendable {
  /// Who hears of those that are watched; set once, kept alive.
  func attach(_ receiver: any PresenceReceiver)
  /// A session of the user has begun here.
  func arrived(_ user: UserID)
  /// It has ended.
  func left(_ user: UserID)
  /// Begins to watch: the receiver hears how each is now, as soon as it is known, and then each change.
  func watch(_ users: [UserID])
  /// Ends it.
  func unwatch(_ users: [UserID])
  /// How each is now, in any order; those of whom it cannot be said are left out.
  func presence(of users: [UserID]) async -> [Presence]
}

/// Who hears of presence.
public protocol PresenceReceiver: AnyObject {
  /// So it is now with these; each stands there once.
  func presenceChanged(_ changes: [Presence])
}

/// A directory that knows nobody, for what needs none.
public struct NoPresence: PresenceDirectory {
  /// Needs nothing.
  public init() {}
  /// Never calls it.
  public func attach(_ receiver: any PresenceReceiver) {}
  /// Tells nobody.
  public func arrived(_ user: UserID) {}
  /// Tells nobody.
  public func left(_ user: UserID) {}
  /// Learns nothing.
  public func watch(_ users: [UserID]) {}
  /// Does nothing.
  public func unwatch(_ users: [UserID]) {}
  /// Knows nobody.
  public func presence(of users: [UserID]) async -> [Presence] { [] }
}
