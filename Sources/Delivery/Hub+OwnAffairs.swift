import ChatCore

/// Following the user's own coming and going, which his self conversation and the rooms tell.
///
/// A room's `member.left` ends his time there at exactly that `seq`; what the self conversation says may come earlier
/// or later.
extension Hub {
  /// His self conversation tells a session that he has joined or left a conversation, or what another is to him now.
  func heardOwnAffairs(_ entry: Entry, _ session: HubSession) {
    guard entry.conversation == session.ownConversation, entry.seq > session.membershipKnownTo else { return }
    switch entry.event {
    case .joined(let id, let seq) where id != session.ownConversation && seq > 0: heardJoined(session, id, seq)
    case .left(let id, let seq) where id != session.ownConversation:
      heardLeft(session, id, seq)
      rights.mayHaveEnded(session.user, session.watching)
    // Whatever has changed: what was asked before may be too old.
    case .contactChanged(let contact): rights.mayHaveEnded(session.user, CollectionOfOne(contact.user))
    case .blockChanged(let other, _): rights.mayHaveEnded(session.user, CollectionOfOne(other.id))
    default: break
    }
  }

  /// Still seated means that the room has yet to tell of his leaving before: he is to stay for what comes after.
  private func heardJoined(_ session: HubSession, _ id: ConversationID, _ seq: Int64) {
    late.forget(session, id)
    guard let room = rooms[id], session.seat(in: id) != nil else {
      guard lacksFacts(session, id) else { return join(session, id, have: seq - 1, head: seq) }
      session.learnsOf(id, joinedAt: seq)
      return ports.spawn { [self] in await joinKnowing(session, id, seq) }
    }
    room.rejoins(session, at: seq)
  }

  /// Seats a session once the facts are known, unless he has left since; what was said meanwhile is in the log.
  private func joinKnowing(_ session: HubSession, _ id: ConversationID, _ seq: Int64) async {
    do throws(ChatError) {
      let facts = try await facts.facts(of: id, for: session.user)
      if session.learned(id, joinedAt: seq) { join(session, id, have: seq - 1, head: seq, facts: facts) }
    } catch {
      counts.failedReads += 1
      ports.schedule(after: limits.retryMost) { [weak self] in
        guard let self, session.isAttached else { return }
        ports.spawn { [self] in await joinKnowing(session, id, seq) }
      }
    }
  }

  private func heardLeft(_ session: HubSession, _ id: ConversationID, _ seq: Int64) {
    session.noLongerLearns(of: id)
    late.forget(session, id)
    guard let room = rooms[id], let position = room.position(of: session) else { return }
    if position >= seq { room.leave(session) } else { room.reaches(seq) }
  }
}
