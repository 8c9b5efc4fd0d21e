/// Says of users whether they are there; those whom the caller may not watch are left out.
///
/// - Limits: 1 … ``Limits/presenceUsersMax`` users.
/// - Throws: `.invalid` at `/users`; `.unavailable(.presence)` when it can be found out of none of those that he may
///   watch, because Redis is away.
public struct ShowPresence: Command {
  /// Whom.
  public let users: [UserID]

  /// Names them.
  public init(users: [UserID]) { self.users = users }

  /// Sorts out, asks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> PresenceList {
    let allowed = try await MayWatch(users: users).run(in: chat, as: caller)
    let known = await chat.presence.presence(of: allowed).sorted { $0.user < $1.user }
    let list = PresenceList(known: known, unknown: Set(allowed).subtracting(known.map(\.user)).sorted())
    guard list.unknown.isEmpty || !known.isEmpty else {
      throw .unavailable(.presence, retryAfter: PresenceList.unknownFor)
    }
    return list
  }
}

/// What is known of some users.
public struct PresenceList: Hashable, Sendable {
  /// Those of whom it is known, ascending.
  public let known: [Presence]
  /// Those of whom it cannot be said now whether they are there, ascending: a part of Redis is away.
  public let unknown: [UserID]

  /// When to ask again: a lost master of Redis is replaced within some seconds.
  public static let unknownFor: Milliseconds = 2_000
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
    let rights = PresenceRights(conversations: chat.conversations, contacts: chat.contacts)
    return try await rights.watched(by: caller.user, among: users).sorted()
  }
}
