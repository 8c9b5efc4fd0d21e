import ChatCore

/// Whom the loops of a node watch, by share, and who is yet to be looked up; pure.
///
/// - Limits: one row for each watched user, and at most one place among those to be looked up.
struct PresenceWatch {
  private var shares = PresenceShare.all.map { _ in WatchList<Int>() }
  private var asked: [UserID] = []
  private var isAsked: Set<UserID> = []
  private var isAsking = false
  private var next = 0
  /// Who was heard of while others, maybe he too, were being looked up.
  private var heardMeanwhile: Set<UserID> = []
  /// Looked up as gone though known to be there, yet to be confirmed.
  private var doubted: [UserID: Presence] = [:]

  /// How many users are watched.
  var count: Int { shares.reduce(0) { $0 + $1.count } }

  /// A loop begins to watch; what is known already.
  mutating func watch(_ users: [UserID], from place: Int) -> [Presence] {
    users.compactMap { user in
      let known = shares[PresenceShare(of: user).number].watch(user, from: place).known
      if known == nil { ask(user) }
      return known
    }
  }

  /// A loop watches no more.
  mutating func unwatch(_ users: [UserID], from place: Int) {
    for user in users { _ = shares[PresenceShare(of: user).number].unwatch(user, from: place) }
  }

  private mutating func learn(_ changes: [Presence]) -> [Int: [Presence]] {
    var told: [Int: [Presence]] = [:]
    for change in changes {
      doubted[change.user] = nil
      for place in shares[PresenceShare(of: change.user).number].learn(change) {
        told[place, default: []].append(change)
      }
    }
    return told
  }

  /// Takes what was heard; what each loop is to be told.
  mutating func heard(_ changes: [Presence]) -> [Int: [Presence]] {
    if isAsking { for change in changes where isWatched(change.user) { heardMeanwhile.insert(change.user) } }
    return learn(changes)
  }

  // MARK: Looking up

  /// The users of one share are to be looked up again.
  mutating func lookAgain(_ share: PresenceShare) { for user in shares[share.number].users { ask(user) } }

  /// The same with the share whose turn it is: what a lost message left wrong is right after a round.
  mutating func lookAgainAtNext() {
    lookAgain(PresenceShare.all[next])
    next = (next + 1) % PresenceShare.count
  }

  /// The next users to be looked up, unless some are being.
  mutating func takeAsked(_ most: Int) -> [UserID]? {
    guard !isAsking, !asked.isEmpty else { return nil }
    let part = Array(asked.prefix(most))
    asked.removeFirst(part.count)
    let wanted = part.filter { isAsked.remove($0) != nil && isWatched($0) }
    isAsking = !wanted.isEmpty
    return wanted.isEmpty ? nil : wanted
  }

  /// Takes what was looked up; what each loop is to be told.
  ///
  /// An answer comes by another connection than what is heard, and may be the older of the two: it is dropped.
  /// Who is gone without having been told to go may have gone with all that Redis knew: that is believed only once the
  /// node has found its own lease alive afterwards, with ``confirmed()``.
  mutating func looked(_ found: [Presence]) -> [Int: [Presence]] {
    var certain: [Presence] = []
    for presence in found where !heardMeanwhile.contains(presence.user) {
      let known = shares[PresenceShare(of: presence.user).number].known(of: presence.user)
      if presence.status == .offline, known?.status == .online {
        doubted[presence.user] = presence
      } else {
        certain.append(presence)
      }
    }
    return learn(certain)
  }

  /// Redis has forgotten nothing up to now.
  mutating func confirmed() -> [Int: [Presence]] { doubted.isEmpty ? [:] : learn(Array(doubted.values)) }

  /// Redis has forgotten everything: what was looked up means nothing.
  mutating func refuted() { doubted = [:] }

  /// They have been looked up, but for those who are to be asked again.
  mutating func answered(unknown: [UserID]) {
    isAsking = false
    heardMeanwhile = []
    for user in unknown where isWatched(user) { ask(user) }
  }

  private func isWatched(_ user: UserID) -> Bool { !shares[PresenceShare(of: user).number].places(of: user).isEmpty }

  private mutating func ask(_ user: UserID) {
    if isAsked.insert(user).inserted { asked.append(user) }
  }
}
