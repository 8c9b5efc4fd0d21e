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
  /// Looked up as gone though known to be there, yet to be confirmed by a renewal that is sent later.
  private var doubted: [UserID: Presence] = [:]
  /// The same, with the renewal sent.
  private var confirming: [UserID: Presence] = [:]
  /// Whose masters may know less than they did, and until when they are given time to be told again.
  private var quiet: [PresenceShare: Milliseconds] = [:]
  /// Looked up meanwhile as gone though known to be there.
  private var held: Set<UserID> = []

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
      confirming[change.user] = nil
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

  /// What was said of these shares may be lost until the nodes have said it again: who is gone there is looked up once
  /// more with ``askHeld(at:)``.
  mutating func mistrust(_ shares: [PresenceShare], until end: Milliseconds) {
    for share in shares { quiet[share] = end }
  }

  /// Those whose shares have had their time are to be looked up again.
  mutating func askHeld(at now: Milliseconds) {
    quiet = quiet.filter { $0.value > now }
    for user in held where quiet[PresenceShare(of: user)] == nil {
      held.remove(user)
      if isWatched(user) { ask(user) }
    }
  }

  /// Takes what was looked up; what each loop is to be told.
  ///
  /// An answer comes by another connection than what is heard, and may be the older of the two: it is dropped.
  /// Who is gone without having been told to go may have gone with all that Redis knew: that is believed only once the
  /// node has found its own lease alive afterwards, with ``confirm()`` and ``confirmed()``.
  mutating func looked(_ found: [Presence], at now: Milliseconds) -> [Int: [Presence]] {
    var certain: [Presence] = []
    for presence in found where !heardMeanwhile.contains(presence.user) {
      let share = PresenceShare(of: presence.user)
      guard presence.status == .offline, shares[share.number].known(of: presence.user)?.status == .online else {
        certain.append(presence)
        continue
      }
      if quiet[share, default: now] > now { held.insert(presence.user) } else { doubted[presence.user] = presence }
    }
    return learn(certain)
  }

  /// The node asks now whether its lease is alive. The lease may have another master than those who were looked up: an
  /// answer that was under way says nothing of what this one has forgotten since.
  mutating func confirm() {
    confirming.merge(doubted) { $1 }
    doubted = [:]
  }

  /// Redis has forgotten nothing up to the last ``confirm()``; what each loop is to be told.
  mutating func confirmed() -> [Int: [Presence]] { confirming.isEmpty ? [:] : learn(Array(confirming.values)) }

  /// Redis has forgotten everything: what was looked up means nothing.
  mutating func refuted() {
    doubted = [:]
    confirming = [:]
    held = []
  }

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
