import ChatCore

/// The sessions of this loop that follow one conversation, and where the conversation's log has been delivered to.
///
/// Every entry passes ``advance(_:_:)`` once and in order: from the broker when it comes in time, from the log when it
/// does not. Sessions that have everything are ``members``; those that are still being sent the past catch up
/// (Room+CatchUp.swift).
final class Room {
  let id: ConversationID
  /// Its place in the hub's list of rooms.
  var place = 0
  /// Since when nobody sits in it.
  private(set) var emptySince: Milliseconds?
  /// Whether the broker tells everything that is published here.
  private(set) var isFollowed = false
  /// Whether it waits in the next comparison of heads.
  var isSuspect = false

  unowned let hub: Hub
  var cursor: LogCursor
  var audience = Audience()
  /// Whether some of the members wait for a later turn of the loop to be told.
  var isTellingOn = false
  var catching: [CatchUp] = []
  /// How many of them have been walked over, one by one: a test of the cost counts it.
  var walked = 0
  var nextCatching = 0
  private var holdTimer: (any Cancellable)?
  private(set) var repairDue = false
  private var begun = false
  /// Which entries the members have had already, when the log has lost its end.
  var told = Told()
  /// The log has shown less than the room has had: the next comparison says where it ends.
  var isDistrusted = false
  private var failures = 0
  var holes = LogHoles()
  /// Where the log has ended before a head that it has confirmed, and that head as compared since.
  var shortEnd: (end: Int64, head: Int64?)?
  /// What the read under way is judged by: see ``judgeEnd(at:confirmed:compared:)``.
  private var comparedHead: Int64?
  /// Whether it may be answered by a copy, which has nothing of after the head as of which it is asked.
  private var readsPast = false
  var reading = Reading.idle
  /// What formats need to know of the conversation; nil until the first session joins that needs it.
  private(set) var facts: RoomFacts?

  /// What the room has asked of the ``LogReader``.
  enum Reading: Equatable {
    case idle, queued(urgent: Bool), underWay(ticket: UInt64, mark: LogCursor.ReadMark), resting
  }

  init(id: ConversationID, head: Int64, hub: Hub) {
    self.id = id
    self.hub = hub
    cursor = LogCursor(head: head)
    emptySince = hub.ports.now
  }

  var members: ContiguousArray<HubSession> { audience.members }
  var isEmpty: Bool { members.isEmpty && catching.isEmpty }
  private var limits: DeliveryLimits { hub.limits }

  func learn(_ facts: RoomFacts?) { self.facts = self.facts ?? facts }

  // MARK: Sitting

  /// Takes a session that has everything up to `have` and, as the log says, may see everything from there up to `head`.
  func join(_ session: HubSession, have: Int64, head: Int64, resume: Resume? = nil) {
    emptySince = nil
    cursor.confirm(head)
    let have = min(have, head)
    if have == head, have == cursor.last, takesMembers {
      audience.add(session, in: id)
      resume?.caughtUp()
      noteHole()
    } else {
      let place = CatchUp(session: session, have: have, target: head, resume: resume)
      seat(place)
      wantReads(for: place)
    }
  }

  /// Lets a session go; nothing of the room reaches it any more.
  func leave(_ session: HubSession) {
    switch session.seat(in: id) {
    case .live(let place):
      tellRest(to: session, at: place)
      audience.remove(at: place, in: id)
    case .catchingUp: removeCatching(session)
    case nil: return
    }
    noteWhetherEmpty()
  }

  func noteWhetherEmpty() {
    emptySince = isEmpty ? emptySince ?? hub.ports.now : nil
  }

  // MARK: Hearing

  /// From now on the broker tells everything; what came before is found by comparing heads.
  func following() {
    isFollowed = true
    begun = false
  }

  /// The broker tells nothing until it follows again.
  func interrupted() { isFollowed = false }

  /// Entries came from the broker: maybe again, maybe too early.
  func received(_ entries: ArraySlice<Entry>) {
    // Handed down: asking for it costs as much as telling one session, since others hold it weakly.
    let hub = hub
    for entry in entries { take(EncodedEntry(entry), hub) }
    settle()
  }

  private func take(_ entry: EncodedEntry, _ hub: Hub) {
    let room = hub.limits.heldBytesMax - hub.heldBytes
    switch holding(hub, { $0.arrived(entry, heldMax: hub.limits.heldEntriesMax, room: room) }) {
    case .next:
      advance(entry, hub)
      if cursor.heldCount > 0 { deliverHeld() }
    case .old: hub.counts.duplicates += 1
    case .held: hub.counts.held += 1
    case .refused: hub.counts.refused += 1
    }
  }

  private func deliverHeld() {
    let hub = hub
    while let entry = holding(hub, { $0.takeNext() }) { advance(entry, hub) }
  }

  /// Does to the cursor what may change how much it holds.
  func holding<Value>(_ hub: Hub, _ body: (inout LogCursor) -> Value) -> Value {
    let before = cursor.heldBytes
    defer { hub.heldBytes += cursor.heldBytes - before }
    return body(&cursor)
  }

  /// Delivers the next entry to all who have everything before it, then does what it says about who sits here.
  func advance(_ entry: EncodedEntry, _ hub: Hub) {
    cursor.delivered()
    entry.facts = facts
    let isNew = told.isNew(entry.seq, stored: entry.entry.createdAt.milliseconds)
    if isNew { tell(entry, hub) }
    if !catching.isEmpty { feed(entry) }
    if isNew { applyMembership(entry.entry) }
  }

  private func applyMembership(_ entry: Entry) {
    switch entry.event {
    case .memberLeft(let author):
      hub.heardMemberLeft(author.id, id)
      for session in hub.sessions(of: author.id) {
        if case .live = session.seat(in: id) { leave(session) }
      }
    case .conversationDeleted:
      hub.mayNoLongerWatch(members + catching.map(\.session))
      while let session = members.last { leave(session) }
    case .joined, .left, .contactChanged, .blockChanged:
      for session in members { hub.heardOwnAffairs(entry, session) }
    case .conversationCreated, .conversationUpdated, .messageCreated, .messageEdited, .messageDeleted, .reactionAdded,
      .reactionRemoved, .memberJoined, .memberChanged, .unknown:
      break
    }
  }

  // MARK: Missing something

  /// The log reaches `head`, as the comparison says: what is missing and not in flight is read.
  func confirmed(_ head: Int64, afterLoss isLost: Bool) {
    cursor.confirm(head)
    // Nothing is in flight to a room that was not followed when it was published, or that had what is not there.
    if cursor.isBehind, isLost || !begun || !isFollowed { becomeDue() }
    if isFollowed { begun = true }
    settle()
  }

  /// Another log says that this one reaches `head`; the entries may still be in flight.
  func reaches(_ head: Int64) {
    cursor.confirm(head)
    settle()
  }

  private func becomeDue() {
    if cursor.heldCount == 0 { hub.counts.lostFound += 1 }
    repairDue = true
  }

  private func armHold() {
    guard holdTimer == nil, !repairDue else { return }
    let since = cursor.last
    holdTimer = hub.ports.schedule(after: limits.holdFor) { [weak self] in self?.holdExpired(since: since) }
  }

  /// A hole that others have taken the place of since has its own time to be filled.
  private func holdExpired(since last: Int64) {
    holdTimer = nil
    if cursor.isBehind, cursor.last == last { becomeDue() }
    settle()
  }

  /// The `seq` after which the log is to be read next; nil when nothing is missing.
  func nextRead() -> Int64? {
    if repairDue, cursor.isBehind { return cursor.last }
    return nextCatchUpRead()
  }

  /// Whether it is read before others, and from the log itself rather than from a copy.
  var readsUrgently: Bool { repairDue || holes.isLastRead || endToProve != nil }

  /// The head that was compared when the log had ended where the room still stands.
  private var endToProve: Int64? { shortEnd?.end == cursor.last ? shortEnd?.head : nil }

  /// A read is about to begin.
  func readBegins(ticket: UInt64, urgent isUrgent: Bool, past isPast: Bool) {
    reading = .underWay(ticket: ticket, mark: cursor.mark)
    readsPast = isPast
    comparedHead = isUrgent ? endToProve : nil
    nextCatching &+= 1
  }

  /// A page of the log came that was asked for after `from`.
  func pageRead(after from: Int64, _ entries: [Entry], mark: LogCursor.ReadMark) {
    reading = .idle
    let end = deliverPage(after: from, entries)
    deliverHeld()
    switch end {
    case .broken(let end):
      if end > from { failures = 0 }
      return readFailed()
    case .more:
      repairDue = cursor.isBehind
      restUntilFlushed(by: hub.ports.now + limits.slowReaderGrace)
    case .logEnds(let end):
      if entries.isEmpty, from < cursor.last { deny(after: from) }
      judgeEnd(at: end, confirmed: mark.confirmed, compared: comparedHead)
      // What is known of from behind that head is none the less there.
      if readsPast { break }
      hub.counts.refused += holding(hub) { $0.logEnded(at: end, mark: mark) }
      repairDue = false
    }
    failures = 0
    settle()
  }

  /// Reads on when what the members were sent has left: a crowd's leaves over many turns of the loop. Whoever takes
  /// nothing holds up the others no longer than that.
  private func restUntilFlushed(by end: Milliseconds) {
    let isFull = isTellingOn || members.contains { $0.port.queuedBytes > limits.burstBytesMax }
    guard isFull, hub.ports.now < end else { return reading = .idle }
    reading = .resting
    hub.ports.schedule(after: limits.drainPoll) { [weak self] in
      self?.restUntilFlushed(by: end)
      self?.settle()
    }
  }

  /// A read failed; the room is not forgotten but tries again a little later.
  func readFailed() {
    reading = .resting
    failures += 1
    hub.counts.failedReads += 1
    let wait = hub.ports.backOff(after: failures, first: limits.retryFirst, most: limits.retryMost)
    hub.ports.schedule(after: wait) { [weak self] in
      guard let self else { return }
      reading = .idle
      settle()
    }
  }

  // MARK: After every change

  /// Makes members of those who have caught up, and asks for what is missing.
  func settle() {
    if !catching.isEmpty { promote() }
    wantReads()
  }

  private func wantReads() {
    noteHole()
    if reading != .resting, nextRead() != nil { hub.reader.request(self, urgent: readsUrgently) }
  }

  func noteHole() {
    if cursor.isBehind { armHold() } else { repairDue = false }
  }

  func closed() {
    holding(hub) { $0.dropHeld() }
    holdTimer?.cancel()
    holdTimer = nil
  }
}
