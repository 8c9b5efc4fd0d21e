/// Who has sessions on one node, and what of it has been said to the others; pure.
///
/// - Limits: one row for each user with a session, and for each who has just left.
/// - Units: milliseconds of a clock that never goes back.
public struct PresenceBoard {
  private let grace: Milliseconds
  private var sessions: [UserID: Int] = [:]
  private var leftAt: [UserID: Milliseconds] = [:]
  /// Whom the others have been told of.
  private var listed: Set<UserID> = []
  /// Of whom it is not certain what the others have been told.
  private var unsure: Set<UserID> = []
  /// Whose state may differ from what has been told.
  private var dirty: Set<UserID> = []

  /// A board without users.
  public init(grace: Milliseconds) { self.grace = grace }

  /// How many users have sessions.
  public var count: Int { sessions.count }

  /// Whether there may be something to tell, now or when a grace is over.
  public var isDirty: Bool { !dirty.isEmpty }

  /// One more session of a user.
  public mutating func arrived(_ user: UserID) {
    sessions[user, default: 0] += 1
    leftAt[user] = nil
    if !listed.contains(user) || unsure.contains(user) { dirty.insert(user) }
  }

  /// One session less.
  public mutating func left(_ user: UserID, at now: Milliseconds) {
    guard let count = sessions[user] else { return }
    guard count == 1 else { return sessions[user] = count - 1 }
    sessions[user] = nil
    leftAt[user] = now
    dirty.insert(user)
  }

  /// What is to be told now: who has come and who has gone, ascending; taken for told until ``failed(_:)``.
  public mutating func takeChanges(at now: Milliseconds) -> (came: [UserID], went: [UserID]) {
    var (came, went): ([UserID], [UserID]) = ([], [])
    for user in dirty {
      let isTold = listed.contains(user) && !unsure.contains(user)
      if sessions[user] != nil {
        if !isTold { came.append(user) }
        listed.insert(user)
      } else {
        let isOpen = listed.contains(user) || unsure.contains(user)
        if isOpen, let left = leftAt[user], now - left < grace { continue }
        if isOpen { went.append(user) }
        listed.remove(user)
        leftAt[user] = nil
      }
      unsure.remove(user)
      dirty.remove(user)
    }
    return (came.sorted(), went.sorted())
  }

  /// Whether what was taken has been told is not known: it is told again.
  public mutating func failed(_ users: [UserID]) {
    unsure.formUnion(users)
    dirty.formUnion(users)
  }

  /// What the others know of some users is not certain any more: those are told again.
  public mutating func doubt(_ isDoubtful: (UserID) -> Bool) {
    failed(listed.union(sessions.keys).filter(isDoubtful))
  }

  /// The others know nothing of this node any more: everybody who is here is told again.
  public mutating func forgotten() {
    listed = []
    unsure = []
    dirty = Set(sessions.keys)
    leftAt = [:]
  }
}
