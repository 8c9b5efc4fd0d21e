import ChatCore

/// What became of a resume.
public enum ResumeOutcome: Sendable, Equatable {
  /// Everything missed has been put into the send queue, and live delivery goes on.
  ///
  /// `heads` covers all of the user's conversations but those that are `unavailable`; `behind` names those of which
  /// nothing of the past was sent, and of which nothing new is until this has been told. With the unavailable ones it
  /// goes on when they can be asked about again (``SessionPort/available(_:head:isBehind:)``).
  case resumed(heads: [ConversationID: Int64], behind: [ConversationID], unavailable: [ConversationID] = [])
  /// The client claims to have more than there is, in that conversation, whose head is given. Nothing was begun.
  case invalidHead(ConversationID, head: Int64)
  /// Too many resumes wait on this loop; the client is to come back after that time.
  case busy(retryAfter: Milliseconds)
  /// The user's conversations could not be read. Nothing was begun.
  case failed(ChatError)
}

/// One session's way from having something of each conversation to hearing everything live.
final class Resume: @unchecked Sendable {
  let session: HubSession
  let have: [ConversationID: Int64]
  private let done: (ResumeOutcome) -> Void
  /// What the session's format needs to know of the conversations, as far as their rooms do not.
  var facts: [ConversationID: RoomFacts] = [:]
  /// The conversations that cannot be asked about now.
  var unavailable: [ConversationID] = []
  private var outcome: (ResumeOutcome, after: () -> Void)?
  private var toCatchUp = 1

  init(session: HubSession, have: [ConversationID: Int64], done: @escaping (ResumeOutcome) -> Void) {
    self.session = session
    self.have = have
    self.done = done
  }

  /// One more conversation is joined; it will say ``caughtUp()``.
  func joins() { toCatchUp += 1 }

  /// One conversation has been sent up to where it is live.
  func caughtUp() {
    toCatchUp -= 1
    guard toCatchUp == 0, let (outcome, after) = outcome else { return }
    end(outcome)
    after()
  }

  /// All conversations have been joined; when they have caught up, this is the answer, and `after` is done then.
  func joinedAll(_ outcome: ResumeOutcome, after: @escaping () -> Void) {
    self.outcome = (outcome, after)
    caughtUp()
  }

  /// The answer, unless nobody is there to hear it.
  func end(_ outcome: ResumeOutcome) {
    if session.isAttached { done(outcome) }
  }
}

/// Lets a few resumes at once read the user's heads and join his rooms; the others wait their turn.
///
/// - Limits: ``DeliveryLimits/resumesAtOnceMax``, ``DeliveryLimits/resumesWaitingMax``. Sending the past does not
///   count: it is read page by page (``LogReader``) and paced by each session's queue, so that a client that reads
///   slowly holds up nobody.
final class ResumeDesk: @unchecked Sendable {
  private unowned let hub: Hub
  private let conversations: any ConversationStore
  private var waiting: [Resume] = []
  private var underWay = 0

  init(hub: Hub, conversations: any ConversationStore) {
    self.hub = hub
    self.conversations = conversations
  }

  func take(_ resume: Resume) {
    if underWay < hub.limits.resumesAtOnceMax {
      begin(resume)
    } else if waiting.count < hub.limits.resumesWaitingMax {
      waiting.append(resume)
    } else {
      resume.end(.busy(retryAfter: 1_000 + Milliseconds(hub.ports.random(below: 4_000))))
    }
  }

  private func begin(_ resume: Resume) {
    underWay += 1
    hub.ports.spawn { [hub] in await hub.desk.readHeads(resume) }
  }

  private func readHeads(_ resume: Resume) async {
    do throws(ChatError) {
      let session = resume.session
      var heads = try await conversations.heads(of: session.user)
      let wanted = Set(heads.known.keys.filter { hub.lacksFacts(session, $0) })
      resume.facts = try await hub.facts.facts(of: wanted, for: session, &heads)
      snapshot(resume, heads)
    } catch {
      resume.end(.failed(error))
      ended()
    }
  }

  private func ended() {
    underWay -= 1
    while underWay < hub.limits.resumesAtOnceMax, !waiting.isEmpty {
      let next = waiting.removeFirst()
      if next.session.isAttached { begin(next) }
    }
  }

  /// The user's conversations and their heads as of one moment.
  private func snapshot(_ resume: Resume, _ all: UserHeads) {
    let heads = all.known
    for (id, seq) in resume.have.sorted(by: { $0.key < $1.key }) {
      guard let head = heads[id], seq > head else { continue }
      resume.end(.invalidHead(id, head: head))
      return ended()
    }
    let session = resume.session
    session.knowsMembership(upTo: heads[session.ownConversation] ?? 0)
    // What has happened before is not told.
    hub.rights.mayHaveMissed(session)
    resume.unavailable = all.unavailable.sorted()
    hub.late.wait(session, for: all.unavailable, have: resume.have)
    // His own affairs come last, so that they find every room in which he sits.
    var order = heads.keys.sorted()
    order.removeAll { $0 == session.ownConversation }
    if heads[session.ownConversation] != nil { order.append(session.ownConversation) }
    join(resume, heads, order[...], behind: [])
  }

  private func join(
    _ resume: Resume, _ heads: [ConversationID: Int64], _ order: ArraySlice<ConversationID>, behind: [ConversationID]
  ) {
    guard resume.session.isAttached else { return ended() }
    var behind = behind
    for id in order.prefix(hub.limits.joinsPerTurn) {
      let head = heads[id] ?? 0
      let have = max(0, resume.have[id] ?? head)
      if head &- have > hub.limits.resumeEntriesMax {
        behind.append(id)
        hub.join(resume.session, id, skippingTo: head, facts: resume.facts[id])
      } else {
        resume.joins()
        hub.join(resume.session, id, have: have, head: head, facts: resume.facts[id], resume: resume)
      }
    }
    let rest = order.dropFirst(hub.limits.joinsPerTurn)
    guard rest.isEmpty else {
      hub.ports.schedule(after: 0) { [weak self, behind] in self?.join(resume, heads, rest, behind: behind) }
      return
    }
    hub.counts.resumed += 1
    ended()
    let outcome = ResumeOutcome.resumed(heads: heads, behind: behind, unavailable: resume.unavailable)
    resume.joinedAll(outcome) { [weak self, session = resume.session] in
      self?.answered(session, behind[...])
    }
  }

  /// He knows in which conversations he lacks something: what is new in them follows.
  private func answered(_ session: HubSession, _ behind: ArraySlice<ConversationID>) {
    hub.late.answered(session)
    guard session.isAttached, !behind.isEmpty else { return }
    for id in behind.prefix(hub.limits.joinsPerTurn) { hub.rooms[id]?.answered(session) }
    let rest = behind.dropFirst(hub.limits.joinsPerTurn)
    hub.ports.schedule(after: 0) { [weak self] in self?.answered(session, rest) }
  }
}
