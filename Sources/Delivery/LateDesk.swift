import ChatCore

/// Seats sessions in the rooms that could not be asked about when they resumed: of a database of several machines one
/// may be away, and with it some of nearly everybody's conversations, while all others go on.
///
/// ``HeadCheck`` asks each second for the counters of the buckets in which somebody waits. The sessions that wait for
/// one that is told again ask for their heads as a resume does, and go on from where they were; they are told from
/// where before.
///
/// Who has named no `seq` begins where a room's log was when he came. That cannot be asked, so the topics are followed
/// meanwhile: what is heard there was stored since. What is stored while the broker is interrupted too comes before his
/// beginning.
///
/// - Limits: ``DeliveryLimits/lateAtOnceMax`` sessions of a loop ask at once; ``DeliveryLimits/joinsPerTurn``.
final class LateDesk: @unchecked Sendable {
  private unowned let hub: Hub
  private let conversations: any ConversationStore
  private var rooms: [ConversationID: LateRoom] = [:]
  private var sessions: [HubSession: LateComer] = [:]
  private var comers: UInt64 = 0
  private var returning: ArraySlice<HubSession> = []
  private var underWay = 0
  private var isGoingOn = false
  private var isStopped = false

  /// A room that cannot be asked about, as far as it is waited for.
  private struct LateRoom {
    var waiting: Set<HubSession> = []
    /// What was heard of its log meanwhile.
    var heard: ClosedRange<Int64>?
    /// While nobody sits there: whether the broker tells everything.
    var isFollowed = false
  }

  /// A session that waits.
  private struct LateComer {
    /// By which they take turns.
    let number: UInt64
    /// For which rooms, and what it has of each; nil where nobody knows.
    var have: [ConversationID: Int64?] = [:]
    /// Whether it has been told for which.
    var isAnswered = false
  }

  init(hub: Hub, conversations: any ConversationStore) {
    self.hub = hub
    self.conversations = conversations
  }

  // MARK: Waiting

  /// Seats a session in those rooms when they can be asked about again, once it is ``answered(_:)``.
  ///
  /// - Parameter have: the `seq` that its client has in each; those left out start at their head.
  func wait(_ session: HubSession, for ids: Set<ConversationID>, have: [ConversationID: Int64]) {
    forget(session)
    guard session.isAttached, !ids.isEmpty else { return }
    comers += 1
    var comer = LateComer(number: comers)
    for id in ids.sorted() {
      comer.have.updateValue(have[id] ?? rooms[id]?.heard?.upperBound ?? hub.rooms[id]?.cursor.last, forKey: id)
      expect(id, session)
    }
    sessions[session] = comer
  }

  /// It knows for which rooms it waits.
  func answered(_ session: HubSession) { sessions[session]?.isAnswered = true }

  private func expect(_ id: ConversationID, _ session: HubSession) {
    if rooms[id] == nil {
      rooms[id] = LateRoom()
      hub.headCheck.roomOpened(in: id.bucket)
      if hub.rooms[id] == nil { hub.broker.follow(.conversation(id)) }
    }
    rooms[id]?.waiting.insert(session)
  }

  /// The session does not wait for that room any more.
  func forget(_ session: HubSession, _ id: ConversationID) {
    guard sessions[session]?.have.removeValue(forKey: id) != nil else { return }
    if sessions[session]?.have.isEmpty == true { sessions[session] = nil }
    rooms[id]?.waiting.remove(session)
    guard rooms[id]?.waiting.isEmpty == true else { return }
    rooms[id] = nil
    hub.headCheck.roomClosed(in: id.bucket)
    if hub.rooms[id] == nil { hub.broker.unfollow(.conversation(id)) }
  }

  /// The session has gone.
  func forget(_ session: HubSession) {
    for id in sessions[session]?.have.keys.sorted() ?? [] { forget(session, id) }
  }

  // MARK: Hearing

  /// Entries of one conversation came from the broker.
  func heard(_ run: ArraySlice<Entry>) {
    guard !rooms.isEmpty, let id = run.first?.conversation, rooms[id] != nil else { return }
    for entry in run {
      let heard = rooms[id]?.heard ?? entry.seq...entry.seq
      rooms[id]?.heard = min(heard.lowerBound, entry.seq)...max(heard.upperBound, entry.seq)
    }
  }

  /// The broker tells everything of it from now on.
  func following(_ id: ConversationID) { rooms[id]?.isFollowed = true }

  /// The broker tells nothing of some until it says so again.
  func interrupted(_ interruption: Interruption) {
    for id in rooms.keys where interruption.concerns(id.bucket) { rooms[id]?.isFollowed = false }
  }

  /// A room is opened: whether its topic is followed on behalf of those who wait, and told; nil if it is not followed.
  func handsOver(_ id: ConversationID) -> Bool? { rooms[id].map(\.isFollowed) }

  /// A room is closed; true when its topic is followed on behalf of those who wait from now on.
  func takesOver(_ room: Room) -> Bool {
    guard rooms[room.id] != nil else { return false }
    rooms[room.id]?.isFollowed = room.isFollowed
    return true
  }

  // MARK: Seating

  /// Seats nobody any more.
  func stop() {
    isStopped = true
    returning = []
  }

  /// The counters of those buckets can be had: who waits for one of them asks again.
  func told(_ counters: [Bucket: BucketCounter]) {
    guard !rooms.isEmpty, returning.isEmpty, underWay == 0 else { return }
    let back = rooms.reduce(into: Set<HubSession>()) {
      if counters[$1.key.bucket] != nil { $0.formUnion($1.value.waiting) }
    }
    let comers = back.compactMap { session in sessions[session].map { (session, $0) } }.filter(\.1.isAnswered)
    returning = comers.sorted { $0.1.number < $1.1.number }.map(\.0)[...]
    goOn()
  }

  private func goOn() {
    // A store that refuses at once comes back here while this is at it.
    guard !isGoingOn else { return }
    isGoingOn = true
    while !isStopped, underWay < hub.limits.lateAtOnceMax, let next = returning.popFirst() {
      guard sessions[next] != nil else { continue }
      underWay += 1
      hub.ports.spawn { [hub] in await hub.late.seat(next) }
    }
    isGoingOn = false
  }

  /// As far as they can be asked about now.
  private func seat(_ session: HubSession) async {
    do throws(ChatError) {
      var heads = try await conversations.heads(of: session.user)
      let found = Set(sessions[session]?.have.keys.filter { heads.known[$0] != nil } ?? [])
      let facts = try await hub.facts.facts(of: found.filter { hub.lacksFacts(session, $0) }, for: session, &heads)
      var rest = found.filter { heads.known[$0] != nil }.sorted()[...]
      while !rest.isEmpty {
        for id in rest.prefix(hub.limits.joinsPerTurn) {
          if let head = heads.known[id] { seat(session, id, head: head, facts[id]) }
        }
        rest = rest.dropFirst(hub.limits.joinsPerTurn)
        if !rest.isEmpty { await nextTurn() }
      }
      // He has left them since, or they were deleted.
      let gone = sessions[session]?.have.keys.filter { heads.known[$0] == nil && !heads.unavailable.contains($0) }
      for id in gone?.sorted() ?? [] { forget(session, id) }
    } catch {
      hub.counts.failedReads += 1
    }
    underWay -= 1
    goOn()
  }

  private func nextTurn() async {
    await withUnsafeContinuation { (turn: UnsafeContinuation<Void, Never>) in
      hub.ports.schedule(after: 0) { turn.resume() }
    }
  }

  private func seat(_ session: HubSession, _ id: ConversationID, head: Int64, _ facts: RoomFacts?) {
    guard session.isAttached, session.seat(in: id) == nil, let named = sessions[session]?.have[id] else {
      return forget(session, id)
    }
    let have = max(0, min(named ?? rooms[id]?.heard.map { $0.lowerBound - 1 } ?? head, head))
    let isBehind = head &- have > hub.limits.resumeEntriesMax
    session.port.available(id, head: isBehind ? head : have, isBehind: isBehind)
    if isBehind {
      hub.join(session, id, skippingTo: head, facts: facts)
      hub.rooms[id]?.answered(session)
    } else {
      hub.join(session, id, have: have, head: head, facts: facts)
    }
    forget(session, id)
  }
}
