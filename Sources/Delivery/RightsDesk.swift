import ChatCore

/// Asks again whether those who watch somebody still may, when something has happened that may have ended it.
///
/// Whoever is asked about hears nothing of the other until it is known; who still may is then told how it is now. A
/// question that fails is asked again until it is answered, so that an outage lets nobody hear more than he may. Where
/// it is only possible that something was missed, or many are asked about at once, it is asked a few users at a time,
/// and they hear on meanwhile.
///
/// - Limits: ``DeliveryLimits/rightsPerQuestion``, ``DeliveryLimits/rightsAtOnceMax``,
///   ``DeliveryLimits/rightsAskedPerCheck``; what waits are pairs of users of whom a session of this loop watches the
///   other.
final class RightsDesk: @unchecked Sendable {
  private unowned let hub: Hub
  private let rights: PresenceRights
  /// What is to be asked of each user, and in which order.
  private var waiting: [UserID: Set<UserID>] = [:]
  private var order: [UserID] = []
  private var underWay = 0
  private var isDue = false
  /// What could not be answered, and is asked again after a while.
  private var failed: [UserID: Set<UserID>] = [:]
  private var retryIsDue = false
  /// Of whom a session hears nothing for now, and whether there was something to hear.
  private var withheld: [HubSession: [UserID: Bool]] = [:]
  /// Counts what may have ended a right: who asked before it has an old answer.
  private(set) var moment: UInt64 = 0
  /// Those who watch somebody and may have missed that they may not any more, and in which order: each has his turn.
  private var unsure: Set<UserID> = []
  private var turns: [UserID] = []

  init(hub: Hub, rights: PresenceRights) {
    self.hub = hub
    self.rights = rights
  }

  // MARK: Questions

  /// Something has happened between a user and others that may end that one of the two watches the other.
  func mayHaveEnded(_ user: UserID, _ others: some Sequence<UserID>) {
    moment &+= 1
    ask(user, others)
  }

  /// Something has happened that many watch by: each is asked about in his turn.
  func mayHaveEnded(among sessions: some Sequence<HubSession>) {
    moment &+= 1
    for session in sessions { mayHaveMissed(session) }
  }

  /// Has it asked whether a user and others may watch each other, as far as they do.
  ///
  /// - Parameter withholding: whether they hear nothing of each other until it is known.
  func ask(_ user: UserID, _ others: some Sequence<UserID>, withholding: Bool = true) {
    for other in others where other != user {
      let sessions = watching(user, other)
      guard !sessions.isEmpty else { continue }
      if withholding { for (session, subject) in sessions { withhold(subject, from: session) } }
      wait(user, CollectionOfOne(other))
    }
    beginSoon()
  }

  /// Something ended at once; what was asked before does not say so.
  func ended() { moment &+= 1 }

  /// The sessions of one of two users that watch the other.
  private func watching(_ user: UserID, _ other: UserID) -> [(session: HubSession, subject: UserID)] {
    hub.sessions(of: user).filter { $0.watching.contains(other) }.map { ($0, other) }
      + hub.sessions(of: other).filter { $0.watching.contains(user) }.map { ($0, user) }
  }

  private func withhold(_ subject: UserID, from session: HubSession) {
    if withheld[session]?[subject] == nil { withheld[session, default: [:]][subject] = false }
  }

  /// Whether a session is not to hear this now; who does not follow his own affairs, because he has not resumed, may
  /// not have heard that it ended.
  func withholds(_ presence: Presence, from session: HubSession) -> Bool {
    if session.user == presence.user { return false }
    if !session.followsOwnAffairs { mayHaveMissed(session) }
    guard withheld[session]?[presence.user] != nil else { return false }
    withheld[session]?[presence.user] = true
    return true
  }

  /// A session watches a user no more.
  func forget(_ session: HubSession, _ user: UserID) {
    guard withheld[session]?.removeValue(forKey: user) != nil else { return }
    if withheld[session]?.isEmpty ?? false { withheld[session] = nil }
  }

  // MARK: Asking

  /// At the end of this turn, so that what comes together is asked together.
  private func beginSoon() {
    guard !isDue, !waiting.isEmpty else { return }
    isDue = true
    hub.ports.schedule(after: 0) { [weak self] in
      guard let self else { return }
      isDue = false
      begin()
    }
  }

  /// What fails, because a machine is away, is not in the way of what does not.
  private func retry(_ user: UserID, _ others: [UserID]) {
    failed[user, default: []].formUnion(others)
    guard !retryIsDue else { return }
    retryIsDue = true
    hub.ports.schedule(after: hub.limits.retryMost) { [weak self] in
      guard let self else { return }
      retryIsDue = false
      let again = failed
      failed = [:]
      for (user, others) in again.sorted(by: { $0.key < $1.key }) { wait(user, others) }
      beginSoon()
    }
  }

  private func wait(_ user: UserID, _ others: some Sequence<UserID>) {
    if waiting[user] == nil { order.append(user) }
    waiting[user, default: []].formUnion(others)
  }

  private func begin() {
    while underWay < hub.limits.rightsAtOnceMax, let (user, others) = next() {
      underWay += 1
      hub.ports.spawn { [hub] in await hub.rights.ask(user, others) }
    }
  }

  /// What is still of use to somebody, a part of it when it is much.
  private func next() -> (UserID, [UserID])? {
    while !order.isEmpty {
      let user = order.removeFirst()
      var others: [UserID] = []
      while others.count < hub.limits.rightsPerQuestion, let other = waiting[user]?.popFirst() {
        if !watching(user, other).isEmpty { others.append(other) }
      }
      if waiting[user]?.isEmpty ?? true { waiting[user] = nil } else { order.append(user) }
      if !others.isEmpty { return (user, others.sorted()) }
    }
    return nil
  }

  private func ask(_ user: UserID, _ others: [UserID]) async {
    do throws(ChatError) {
      let allowed = try await rights.watched(by: user, among: others)
      underWay -= 1
      for other in others where !isWaiting(user, other) { answered(user, other, allowed.contains(other)) }
      beginSoon()
    } catch {
      underWay -= 1
      hub.counts.failedReads += 1
      retry(user, others)
      beginSoon()
    }
  }

  /// Whether something has happened between them since they were asked about.
  private func isWaiting(_ user: UserID, _ other: UserID) -> Bool {
    waiting[user]?.contains(other) ?? false || waiting[other]?.contains(user) ?? false
  }

  private func answered(_ user: UserID, _ other: UserID, _ mayWatch: Bool) {
    for (session, subject) in watching(user, other) {
      guard mayWatch else {
        hub.endWatching(session, [subject])
        continue
      }
      let missed = withheld[session]?[subject] ?? false
      forget(session, subject)
      if missed { hub.tellNow(of: subject, to: session) }
    }
  }

  // MARK: In turns

  /// The broker tells of a user again: nobody repeats the signals that it did not, and no entry tells who was blocked.
  func mayHaveMissedSignals(_ user: UserID) {
    for session in hub.sessions(of: user) { mayHaveMissed(session) }
  }

  /// Whom the session watches is asked about when it is its user's turn.
  func mayHaveMissed(_ session: HubSession) {
    if !session.watching.isEmpty, unsure.insert(session.user).inserted { turns.append(session.user) }
  }

  /// Asks about a few of those: all are unsure at once when Redis was away, or a crowd's conversation is deleted.
  func check() {
    let asked = turns.prefix(hub.limits.rightsAskedPerCheck)
    turns.removeFirst(asked.count)
    for user in asked {
      unsure.remove(user)
      for session in hub.sessions(of: user) { ask(user, session.watching, withholding: false) }
    }
  }
}
