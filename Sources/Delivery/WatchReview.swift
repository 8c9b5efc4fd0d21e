import ChatCore

/// Asks the domain again whether sessions may go on watching those of whom something has happened by which they may
/// not: one of the two has left a conversation, it was deleted, or they are contacts no more.
///
/// One session is asked about after the other, so that a crowd that goes costs one question at a time. What cannot be
/// found out is asked again; until then he is watched.
///
/// - Isolation: the hub's loop.
/// - Limits: only what is watched is doubted, so ``DeliveryLimits/watchedMax`` a session.
final class WatchReview: @unchecked Sendable {
  private unowned let hub: Hub
  private var doubts: [HubSession: Set<UserID>] = [:]
  /// Those with doubts, in the order in which they came.
  private var waiting: [HubSession] = []
  private var isUnderWay = false

  init(hub: Hub) { self.hub = hub }

  /// Those of some users whom the session watches are asked about a little later.
  func doubt(_ session: HubSession, _ users: some Sequence<UserID>) {
    let watched = session.watching.intersection(users)
    guard hub.mayWatch != nil, !watched.isEmpty else { return }
    if doubts[session] == nil { waiting.append(session) }
    doubts[session, default: []].formUnion(watched)
    begin(after: hub.limits.watchReviewAfter)
  }

  private func begin(after delay: Milliseconds) {
    guard !isUnderWay else { return }
    isUnderWay = true
    hub.ports.schedule(after: delay) { [weak hub] in
      guard let hub else { return }
      hub.ports.spawn { [hub] in await hub.watchReview.review() }
    }
  }

  private func review() async {
    let asked = waiting
    waiting = []
    var hasFailed = false
    for session in asked {
      let watched = session.watching.intersection(doubts.removeValue(forKey: session) ?? []).sorted()
      guard !watched.isEmpty, let mayWatch = hub.mayWatch else { continue }
      let caller = Caller(user: session.user, session: session.signIn)
      if let allowed = await mayWatch(caller, watched) {
        hub.unwatch(session, watched.filter { !allowed.contains($0) })
      } else {
        hasFailed = true
        doubt(session, watched)
      }
    }
    isUnderWay = false
    if !waiting.isEmpty { begin(after: hasFailed ? hub.limits.retryMost : hub.limits.watchReviewAfter) }
  }
}

extension Hub {
  /// Somebody is no member of a room of this loop any more: who watches him there, and whom he watches, is in doubt.
  func heardLeaving(of user: UserID, from id: ConversationID) {
    memberLeft?(user, id)
    for session in watched.places(of: user) where session.seat(in: id) != nil { watchReview.doubt(session, [user]) }
    doubtAll(watchedBy: user)
  }

  /// Whomever his sessions watch is in doubt.
  func doubtAll(watchedBy user: UserID) {
    for session in sessions(of: user) { watchReview.doubt(session, session.watching) }
  }

  /// Those in doubt of whom nothing is heard: sessions that follow no conversation.
  func doubtUnseated() {
    for session in sessionsAttached where session.conversations.isEmpty && !session.watching.isEmpty {
      watchReview.doubt(session, session.watching)
    }
  }
}
