import ChatCore
import Delivery
import EntryText

/// Coming in by Socket.IO: the token comes with the CONNECT, and so may the wish to go on where a session was lost.
extension SocketSession {
  func enter(_ ticket: Ticket, _ entered: @escaping @Sendable (Entrance) -> Void) {
    arm()
    if machine.authRequested() == .verify { verify(ticket.token, for: .entrance(ticket, entered)) }
  }

  /// He has been let in; the answer goes before anything else.
  func admitted(_ entered: (Entrance) -> Void) {
    let isRecovered = recovery != nil
    if case .socketIO(recovers: true) = wire, !isRecovered {
      recovery = door.shelf.map { Recovery(pid: $0.makeID(), trail: Trail()) }
    }
    entered(.admitted(sid: id.description, pid: recovery?.pid, isRecovered: isRecovered))
    if isRecovered { goOn() }
  }

  /// He has not; nothing of him stays.
  func turnAway(_ error: ChatError, _ entered: (Entrance) -> Void) {
    guard machine.end() else { return }
    record("auth", Problem(error).code, fault: error.fault)
    ended(nil)
    entered(.refused(Problem(error)))
  }

  // MARK: Recovery

  /// Takes up the session that was lost, if it waits here, is this user's, and all that it missed can be sent.
  func takeUp(_ ticket: Ticket, as user: UserID) async {
    guard case .socketIO(recovers: true) = wire, let pid = ticket.pid,
      let left = door.shelf?.take(pid, of: user, now: door.ports.now),
      let trail = left.trail.rewound(to: ticket.offset),
      let heads = try? await door.chat.conversations.heads(of: user), heads.unavailable.isEmpty,
      isWithinReach(heads.known, of: trail)
    else { return }
    recovery = Recovery(pid: pid, trail: trail)
    id = left.id
  }

  /// What he joined while he was away, or fell too far behind in, only a resume tells rightly.
  private func isWithinReach(_ heads: [ConversationID: Int64], of trail: Trail) -> Bool {
    heads.allSatisfy { id, head in
      trail.heads[id].map { $0 <= head && head - $0 <= door.hub.limits.resumeEntriesMax } ?? false
    }
  }

  private func goOn() {
    guard let seat, let heads = recovery?.trail.heads, case .run = machine.resumeRequested() else { return }
    door.hub.resume(seat, heads: heads) { [self] in wentOn($0) }
  }

  func wentOn(_ outcome: ResumeOutcome) {
    // What he joined since it was looked whether the trail has all would begin at its head, in silence.
    if case .resumed(let heads, behind: [], unavailable: []) = outcome, recovery?.trail.covers(heads.keys) == true {
      machine.resumeEnded(succeeded: true)
      recovery?.trail.resumed(heads)
    } else {
      // He believes that nothing is missing: he has to come in anew.
      recovery = nil
      close(.resumeLimit, retryAfter: 0)
    }
  }

  /// The connection is lost: what he was sent waits for him a while.
  func shelve() {
    guard let recovery, let user, recovery.trail.hasResumed else { return }
    door.shelf?.put(recovery.pid, LostSession(id: id, trail: recovery.trail), of: user, now: door.ports.now)
  }
}

/// How a session may be taken up again.
final class Recovery {
  /// The secret under which it may.
  let pid: String
  /// What has been sent in it.
  var trail: Trail

  init(pid: String, trail: Trail) {
    self.pid = pid
    self.trail = trail
  }
}
