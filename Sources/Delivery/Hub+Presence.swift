import ChatCore

/// Telling sessions who is there: each hears of those whom it watches, and of nobody else.
///
/// Whether it may watch them is asked of the domain before (``ChatCore/MayWatch``); who is blocked later is to be taken
/// off with ``unwatch(by:_:)``.
extension Hub: PresenceReceiver {
  /// A session begins to watch: it hears how each is now, as soon as that is known, and then each change.
  ///
  /// - Returns: false, and nothing is done, when it would watch more than ``DeliveryLimits/watchedMax``.
  public func watch(_ session: HubSession, _ users: [UserID]) -> Bool {
    guard session.isAttached else { return true }
    let new = Set(users).subtracting(session.watching).sorted()
    guard session.watching.count + new.count <= limits.watchedMax else { return false }
    session.watching.formUnion(new)
    var unwatched: [UserID] = []
    for user in new {
      let (known, isNew) = watched.watch(user, from: session)
      if isNew { unwatched.append(user) }
      if let known { tell(known, to: CollectionOfOne(session)) }
    }
    if !unwatched.isEmpty { presence.watch(unwatched) }
    return true
  }

  /// It watches them no more.
  public func unwatch(_ session: HubSession, _ users: [UserID]) {
    var free: [UserID] = []
    for user in users where session.watching.remove(user) != nil {
      if watched.unwatch(user, from: session) { free.append(user) }
    }
    if !free.isEmpty { presence.unwatch(free) }
  }

  /// None of a user's sessions watches them any more: one of the two has blocked the other.
  public func unwatch(by user: UserID, _ users: [UserID]) {
    for session in sessions(of: user) { unwatch(session, users) }
  }

  /// So it is now with these.
  public func presenceChanged(_ changes: [Presence]) {
    for change in changes { tell(change, to: watched.learn(change)) }
  }

  private func tell(_ presence: Presence, to sessions: some Sequence<HubSession>) {
    counts.presenceTold += FanOut.deliver(to: sessions, queueBytesMax: limits.sendQueueBytesMax) { $0.encode(presence) }
  }
}
