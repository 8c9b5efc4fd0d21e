import ChatCore

/// One session that is being sent the past of a conversation, at its own pace.
struct CatchUp {
  let session: HubSession
  /// What it has from before; the last of it is read again, silently, as it may be the entry by which he left.
  private(set) var have: Int64
  /// The `seq` up to which it has been told everything, or has it.
  var position: Int64
  /// It may become a member of the room when it is here: the head at which it was known to be a member.
  var target: Int64
  /// Who waits for it to be done.
  var resume: Resume?
  /// Between leaving and joining again, both in the past: the entries of others are not his.
  var isAbsent = false
  /// Since when its send queue has been too full for more.
  var pausedSince: Milliseconds?
  /// Told nothing until it has been told that it lacks what comes before.
  var awaitsAnswer = false
  /// The log had nothing for it that the room has had; the next comparison of heads says whether it is lost.
  var isDenied = false

  /// Whether the store has said that he is a member at ``target``; else it is the broker's word.
  var isKnownMember: Bool

  /// Whether the log is to be read for it.
  var wantsReads: Bool { pausedSince == nil && !awaitsAnswer && !isDenied }

  init(session: HubSession, have: Int64, target: Int64, resume: Resume?) {
    self.session = session
    self.have = have
    self.target = target
    self.resume = resume
    isKnownMember = resume != nil
    position = max(0, have - 1)
  }

  /// A member as of `head` who skips what comes before, once he has been told so.
  init(session: HubSession, skippingTo head: Int64) {
    self.init(session: session, have: head, target: head, resume: nil)
    position = head
    awaitsAnswer = true
    isKnownMember = true
  }

  /// The log has lost what came after `head`, and goes on from there with something else.
  ///
  /// - Returns: false when the log does not know him as a member, and never did as far as anybody can say.
  mutating func fallBack(to head: Int64) -> Bool {
    (have, position) = (min(have, head), min(position, head))
    guard isKnownMember || target <= head else { return !isDenied }
    target = min(target, head)
    isDenied = false
    return true
  }

  /// Up to where the log has gone, as far as it is known by this session; not by the broker's word.
  var reach: Int64 { max(have, position, isKnownMember ? target : 0) }

  /// Whether it has everything that a room delivered up to `last` has told.
  func isDone(at last: Int64) -> Bool { !awaitsAnswer && position == last && position >= target }
}

/// Catching up: the same reads serve all who need them, and each becomes a member of the room in the tick in which it
/// has all.
extension Room {
  /// Takes a member as of `head` who is told nothing until ``answered(_:)``.
  func join(_ session: HubSession, skippingTo head: Int64) {
    catching.append(CatchUp(session: session, skippingTo: head))
    session.sit(.catchingUp, in: id)
    noteWhetherEmpty()
    reaches(head)
  }

  /// Sends an entry to those who have everything before it.
  func feed(_ entry: EncodedEntry) {
    var leaving: [HubSession] = []
    for index in catching.indices where !catching[index].awaitsAnswer && catching[index].position == entry.seq &- 1 {
      if !feed(entry, toCatchingAt: index) { leaving.append(catching[index].session) }
    }
    for session in leaving { leave(session) }
  }

  /// False when the session's time in the conversation ends with this entry.
  private func feed(_ entry: EncodedEntry, toCatchingAt index: Int) -> Bool {
    let session = catching[index].session
    catching[index].isDenied = false
    if entry.seq <= catching[index].have {
      catching[index].position = entry.seq
      catching[index].isAbsent = entry.entry.isLeaving(of: session.user)
      return true
    }
    if catching[index].isAbsent, !entry.entry.isJoining(of: session.user) {
      catching[index].position = entry.seq
      return true
    }
    if session.port.queuedBytes > hub.limits.catchUpBytesMax {
      pause(index)
      return true
    }
    catching[index].isAbsent = false
    catching[index].position = entry.seq
    if let frame = entry.frame(in: session.format) {
      hub.counts.delivered += 1
      _ = session.port.deliver(frame)
    }
    return applyMembership(entry.entry, toCatchingAt: index)
  }

  private func applyMembership(_ entry: Entry, toCatchingAt index: Int) -> Bool {
    let session = catching[index].session
    switch entry.event {
    case .memberLeft(let author) where author.id == session.user:
      // Known to be a member later on: he has come back since.
      catching[index].isAbsent = entry.seq <= catching[index].target
      return catching[index].isAbsent
    case .conversationDeleted:
      return false
    case .joined, .left:
      hub.heardOwnAffairs(entry, session)
      return true
    case .memberLeft, .conversationCreated, .conversationUpdated, .messageCreated, .messageEdited, .messageDeleted,
      .reactionAdded, .reactionRemoved, .memberJoined, .memberChanged, .contactChanged, .blockChanged, .unknown:
      return true
    }
  }

  private func pause(_ index: Int) {
    guard catching[index].pausedSince == nil else { return }
    catching[index].pausedSince = hub.ports.now
    hub.draining.watch(self)
  }

  /// Those who stand where the room stands become its members.
  func promote() {
    let done = catching.filter { $0.isDone(at: cursor.last) }
    guard !done.isEmpty else { return }
    catching.removeAll { $0.isDone(at: cursor.last) }
    for place in done {
      if place.isAbsent { place.session.sit(nil, in: id) } else { audience.add(place.session, in: id) }
      place.resume?.caughtUp()
    }
    noteWhetherEmpty()
  }

  /// A session that skips what comes before `head` has been told so: what came since is sent, then all as it comes.
  func answered(_ session: HubSession) {
    guard let index = catching.firstIndex(where: { $0.session === session }), catching[index].awaitsAnswer else {
      return
    }
    catching[index].awaitsAnswer = false
    settle()
  }

  /// Up to where a session that sits here has everything.
  func position(of session: HubSession) -> Int64? {
    switch session.seat(in: id) {
    case .live: cursor.last
    case .catchingUp: catching.first { $0.session === session }.map { max($0.position, $0.have) }
    case nil: nil
    }
  }

  /// He is known to be a member again at `seq`, which the room has yet to reach.
  func rejoins(_ session: HubSession, at seq: Int64) {
    if let index = catching.firstIndex(where: { $0.session === session }) {
      guard seq > catching[index].target else { return reaches(seq) }
      catching[index].target = seq
      catching[index].isKnownMember = false
    } else if cursor.last < seq {
      leave(session)
      join(session, have: cursor.last, head: seq)
    }
    reaches(seq)
  }

  func removeCatching(_ session: HubSession) {
    guard let index = catching.firstIndex(where: { $0.session === session }) else { return }
    let place = catching.remove(at: index)
    session.sit(nil, in: id)
    place.resume?.caughtUp()
  }

  /// Where the next page for one of them begins; they take turns, so that one far behind does not keep the others
  /// waiting.
  func nextCatchUpRead() -> Int64? {
    for step in 0..<catching.count {
      let place = catching[(nextCatching &+ step) % catching.count]
      if place.wantsReads, place.position < cursor.last { return place.position }
    }
    return nil
  }

  /// Looks at those whose queue was full; true while some still are.
  func pollDraining() -> Bool {
    var waiting = false
    var stalled: [HubSession] = []
    for index in catching.indices {
      guard let since = catching[index].pausedSince else { continue }
      if catching[index].session.port.queuedBytes <= hub.limits.catchUpBytesMax / 2 {
        catching[index].pausedSince = nil
      } else if hub.ports.now - since > hub.limits.catchUpStallMax {
        stalled.append(catching[index].session)
      } else {
        waiting = true
      }
    }
    for session in stalled { hub.end(session, .slowReader) }
    settle()
    return waiting
  }
}

extension Entry {
  /// Whether it says that the user is a member no more.
  fileprivate func isLeaving(of user: UserID) -> Bool {
    if case .memberLeft(let author) = event { return author.id == user }
    return false
  }

  /// Whether it makes that user a member.
  fileprivate func isJoining(of user: UserID) -> Bool {
    if case .memberJoined(let member) = event { return member.user == user }
    return false
  }
}
