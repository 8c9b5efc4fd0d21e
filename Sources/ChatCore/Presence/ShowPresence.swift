/// Says of users whether they are there; those whom the caller may not watch are left out.
///
/// - Limits: 1 … ``Limits/presenceUsersMax`` users.
/// - Throws: `.invalid` at `/users`; what cannot be found out, because Redis is away, is left out and no error.
public struct ShowPresence: Command {
  /// Whom.
  public let users: [UserID]

  /// Names them.
  public init(users: [UserID]) { self.users = users }

  /// Sorts out, asks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> [Presence] {
    let allowed = try await MayWatch(users: users).run(in: chat, as: caller)
    return await chat.presence.presence(of: allowed).sorted { $0.user < $1.user }
  }
}

/// Tells which of some users the caller may watch, ascending: himself, and those as ``PresenceRules`` say.
///
/// - Limits: 1 … ``Limits/presenceUsersMax`` users.
/// - Throws: `.invalid` at `/users`.
public struct MayWatch: Command {
  /// Whom.
  public let users: [UserID]

  /// Names them.
  public init(users: [UserID]) { self.users = users }

  /// Checks, looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> [UserID] {
    var faults = Faults()
    if !(1...chat.limits.presenceUsersMax).contains(users.count) {
      faults.add("/users", "too_long", "users must name 1 to \(chat.limits.presenceUsersMax) users.")
    }
    try faults.settle()
    let asked = Set(users)
    let others = asked.subtracting([caller.user]).sorted()
    var relations = try await chat.conversations.relations(of: caller.user, to: others)
    for user in try await chat.contacts.accepted(caller.user, among: others) {
      relations[user, default: Relation()].isContact = true
    }
    for user in try await chat.contacts.estranged(caller.user, among: others) {
      relations[user, default: Relation()].isBlocked = true
    }
    return asked.filter { $0 == caller.user || PresenceRules.mayWatch(relations[$0] ?? Relation()) }.sorted()
  }
}
