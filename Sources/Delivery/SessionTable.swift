import ChatCore

/// The attached sessions of a loop by user; a user without sessions is remembered for a while, as his topic is followed
/// still.
struct SessionTable {
  private var byUser: [UserID: Presence] = [:]
  private(set) var count = 0

  private struct Presence {
    var sessions: [HubSession] = []
    var emptySince: Milliseconds?
  }

  subscript(_ user: UserID) -> [HubSession] { byUser[user]?.sessions ?? [] }

  /// All of them, by user and age.
  var all: [HubSession] { byUser.keys.sorted().flatMap { self[$0] } }

  /// The sign-in sessions behind them, each once, ascending.
  var signIns: [SessionID] {
    var ids = Set<SessionID>()
    for presence in byUser.values { for session in presence.sessions { ids.insert(session.signIn) } }
    return ids.sorted()
  }

  /// True when the user was not known.
  mutating func add(_ session: HubSession) -> Bool {
    count += 1
    let isNew = byUser[session.user] == nil
    byUser[session.user, default: Presence()].sessions.append(session)
    byUser[session.user]?.emptySince = nil
    return isNew
  }

  mutating func remove(_ session: HubSession, at now: Milliseconds) {
    guard let index = self[session.user].firstIndex(where: { $0 === session }) else { return }
    count -= 1
    byUser[session.user]?.sessions.remove(at: index)
    if self[session.user].isEmpty { byUser[session.user]?.emptySince = now }
  }

  /// Forgets the users who have had no session since then; ascending.
  mutating func removeUsers(emptyBefore then: Milliseconds) -> [UserID] {
    let over = byUser.filter { $0.value.emptySince.map { $0 <= then } ?? false }.keys.sorted()
    for user in over { byUser[user] = nil }
    return over
  }
}
