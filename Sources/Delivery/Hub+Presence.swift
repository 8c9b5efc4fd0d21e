import ChatCore

/// Telling sessions who is there: each hears of those whom it watches, and of nobody else.
///
/// Whether it may watch them is asked of the domain before (``ChatCore/MayWatch``); what ends it later is heard here:
/// a block by its signal, the end of a contact and of a common conversation by the entries that tell it
/// (``RightsDesk``).
extension Hub: PresenceReceiver {
  /// Names the moment for ``watch(_:_:asOf:)``, before the domain is asked who may be watched.
  public var rightsMoment: UInt64 { rights.moment }

  /// A session begins to watch: it hears how each is now, as soon as that is known, and then each change.
  ///
  /// - Parameter moment: when the domain was asked; where something has happened since that may have ended a right, it
  ///   is asked once more before the session hears anything.
  /// - Returns: false, and nothing is done, when it would watch more than ``DeliveryLimits/watchedMax``.
  public func watch(_ session: HubSession, _ users: [UserID], asOf moment: UInt64) -> Bool {
    guard session.isAttached else { return true }
    let new = Set(users).subtracting(session.watching).sorted()
    guard session.watching.count + new.count <= limits.watchedMax else { return false }
    session.watching.formUnion(new)
    if moment != rights.moment { rights.ask(session.user, new) }
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
      rights.forget(session, user)
      if watched.unwatch(user, from: session) { free.append(user) }
    }
    if !free.isEmpty { presence.unwatch(free) }
  }

  /// None of a user's sessions watches them any more: one of the two has blocked the other.
  public func unwatch(by user: UserID, _ users: [UserID]) {
    rights.ended()
    for session in sessions(of: user) { endWatching(session, users.filter(session.watching.contains)) }
  }

  /// It may watch them no more.
  func endWatching(_ session: HubSession, _ users: [UserID]) {
    guard !users.isEmpty else { return }
    unwatch(session, users)
    session.port.watchingEnded(users)
  }

  /// Somebody is no longer a member of a room's conversation: those who are may no longer watch him, unless by another
  /// right.
  func heardMemberLeft(_ user: UserID, _ id: ConversationID) {
    memberLeft?(user, id)
    rights.mayHaveEnded(user, Set(watched.places(of: user).filter { $0.seat(in: id) != nil }.map(\.user)))
  }

  /// So it is now with these.
  public func presenceChanged(_ changes: [Presence]) {
    for change in changes { tell(change, to: watched.learn(change)) }
  }

  /// The members of a conversation that is no more, as far as they watch somebody. Those of a crowd hear what comes
  /// until they have been asked about.
  func mayNoLongerWatch(_ members: ContiguousArray<HubSession>) {
    guard members.count <= limits.crowdAbove else { return rights.mayHaveEnded(among: members) }
    for session in members where !session.watching.isEmpty { rights.mayHaveEnded(session.user, session.watching) }
  }

  /// How a watched user is now, as far as it is known.
  func tellNow(of user: UserID, to session: HubSession) {
    guard let known = watched.known(of: user) else { return }
    counts.presenceTold += FanOut.deliver(
      to: CollectionOfOne(session), queueBytesMax: limits.sendQueueBytesMax
    ) { $0.encode(known) }
  }

  private func tell(_ presence: Presence, to sessions: some Sequence<HubSession>) {
    let rights = rights
    counts.presenceTold += FanOut.deliver(
      to: sessions, queueBytesMax: limits.sendQueueBytesMax, withholding: { rights.withholds(presence, from: $0) }
    ) { $0.encode(presence) }
  }
}
