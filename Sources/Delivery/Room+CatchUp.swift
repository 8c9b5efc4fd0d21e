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
  /// How often that was so.
  var denials = 0
  /// Absent before a hole, in which he may have come back.
  private var mayBeBack = false

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

  /// The log has nothing there.
  mutating func passOver(after from: Int64, upTo end: Int64) {
    guard !awaitsAnswer, position >= from, position < end else { return }
    mayBeBack = isAbsent
    move(to: end)
  }

  /// Goes on without being told.
  mutating func move(to seq: Int64) {
    position = seq
    guard mayBeBack, isKnownMember, position >= target else { return }
    (isAbsent, mayBeBack) = (false, false)
  }

  /// He has left again.
  mutating func leaves() { mayBeBack = false }

  /// The log ends where it was said to end, and had nothing up to there for a member. The first time he may have come
  /// while it was read, and is read for again.
  ///
  /// - Returns: whether he goes on behind what is not there.
  mutating func passOverEnd(at last: Int64) -> Bool {
    guard isDenied, isKnownMember, target <= last, position < last else { return false }
    isDenied = false
    guard denials > 1 else { return false }
    mayBeBack = isAbsent
    move(to: last)
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
    seat(CatchUp(session: session, skippingTo: head))
    noteWhetherEmpty()
    cursor.confirm(head)
    noteHole()
  }

  func seat(_ place: CatchUp) {
    place.session.sit(.catchingUp(catching.count), in: id)
    catching.append(place)
  }

  /// Takes a place out; the last one moves there.
  private func unseat(at index: Int) -> CatchUp {
    let place = catching[index]
    place.session.sit(nil, in: id)
    let last = catching.removeLast()
    if index < catching.count {
      catching[index] = last
      last.session.sit(.catchingUp(index), in: id)
    }
    return place
  }

  /// Sends an entry to those who have everything before it.
  func feed(_ entry: EncodedEntry) {
    var leaving: [HubSession] = []
    walked += catching.count
    for index in catching.indices where !catching[index].awaitsAnswer && catching[index].position == entry.seq &- 1 {
      if !feed(entry, toCatchingAt: index) { leaving.append(catching[index].session) }
    }
    for session in leaving { leave(session) }
  }

  /// False when the session's time in the conversation ends with this entry.
  private func feed(_ entry: EncodedEntry, toCatchingAt index: Int) -> Bool {
    let session = catching[index].session
    (catching[index].isDenied, catching[index].denials) = (false, 0)
    if entry.seq <= catching[index].have {
      catching[index].position = entry.seq
      catching[index].isAbsent = entry.entry.isLeaving(of: session.user)
      return true
    }
    if catching[index].isAbsent, !entry.entry.isJoining(of: session.user) {
      if entry.entry.isLeaving(of: session.user) { catching[index].leaves() }
      catching[index].move(to: entry.seq)
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
    case .memberLeft(let author):
      hub.rights.ask(session.user, CollectionOfOne(author.id))
      return true
    case .conversationDeleted:
      hub.mayNoLongerWatch([session])
      return false
    case .joined, .left, .contactChanged, .blockChanged:
      hub.heardOwnAffairs(entry, session)
      return true
    case .conversationCreated, .conversationUpdated, .messageCreated, .messageEdited, .messageDeleted,
      .reactionAdded, .reactionRemoved, .memberJoined, .memberChanged, .unknown:
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
    walked += catching.count
    guard takesMembers else { return }
    // From the last one, so that whoever moves has been looked at.
    promote(catching.indices.reversed().filter { catching[$0].isDone(at: cursor.last) })
  }

  /// - Parameter done: where they are in ``catching``, descending.
  private func promote(_ done: [Int]) {
    guard !done.isEmpty else { return }
    let promoted = done.map { unseat(at: $0) }.reversed()
    for place in promoted where !place.isAbsent { audience.add(place.session, in: id) }
    noteWhetherEmpty()
    for place in promoted { place.resume?.caughtUp() }
  }

  /// A session that skips what comes before `head` has been told so: what came since is sent, then all as it comes.
  ///
  /// - Cost: the same however many others catch up.
  func answered(_ session: HubSession) {
    guard case .catchingUp(let index) = session.seat(in: id), catching[index].awaitsAnswer else { return }
    catching[index].awaitsAnswer = false
    guard takesMembers, catching[index].isDone(at: cursor.last) else { return wantReads(for: catching[index]) }
    promote([index])
  }

  /// Up to where a session that sits here has everything.
  func position(of session: HubSession) -> Int64? {
    switch session.seat(in: id) {
    case .live: cursor.last
    case .catchingUp(let index): max(catching[index].position, catching[index].have)
    case nil: nil
    }
  }

  /// He is known to be a member again at `seq`, which the room has yet to reach.
  func rejoins(_ session: HubSession, at seq: Int64) {
    if case .catchingUp(let index) = session.seat(in: id) {
      guard seq > catching[index].target else { return reaches(seq) }
      catching[index].target = seq
      catching[index].isKnownMember = false
    } else if cursor.last < seq {
      leave(session)
      join(session, have: told.level(from: cursor.last), head: seq)
    }
    reaches(seq)
  }

  func removeCatching(_ session: HubSession) {
    guard case .catchingUp(let index) = session.seat(in: id) else { return }
    unseat(at: index).resume?.caughtUp()
  }

  /// Asks for what is missing when one alone has changed: thousands may come back at once.
  func wantReads(for place: CatchUp) {
    noteHole()
    guard reading != .resting, place.wantsReads, place.position < cursor.last else { return }
    hub.reader.request(self, urgent: readsUrgently)
  }

  /// Where the next page for one of them begins; they take turns, so that one far behind does not keep the others
  /// waiting; a page with a hole is read until it is believed, or several of them would be counted anew for ever.
  func nextCatchUpRead() -> Int64? {
    if let after = holes.suspect?.after, after < cursor.last {
      walked += catching.count
      if catching.contains(where: { $0.wantsReads && $0.position == after }) { return after }
    }
    for step in 0..<catching.count {
      walked += 1
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
