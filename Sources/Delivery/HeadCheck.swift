import ChatCore

/// Compares the rooms with the log: what happens when Redis loses a notification, or is gone.
///
/// A hole shows itself by the entry after it; a lost *last* entry does not. So once a second (twice while the broker is
/// interrupted) one cheap statement reads the counters of the followed buckets; where one has moved since the last
/// comparison, the heads of the followed conversations in it are read, or the entries that are new if they are fewer,
/// and a room that is behind reads what it lacks.
/// Rooms that were opened or are followed anew are compared at once, whatever the counters say. Rooms of buckets that
/// the log cannot tell of now are compared when it can, and meanwhile all others are.
///
/// Another server that answers may lack what the one before had (a standby that took over), and have gone on from
/// there: then all rooms of its buckets are compared, whatever the counters say, and one that stands further on than
/// its log goes back.
/// Loops of a node share one comparison (``HeadRound``); what a loop asks by itself are the heads of its own rooms.
///
/// - Limits: one question and one comparison at a time on a loop; ``DeliveryLimits/headsPerStatement`` conversations in
///   a statement.
/// - Errors: a store that fails is asked again after a growing, jittered wait; nothing counts as compared before its
///   heads came.
final class HeadCheck: @unchecked Sendable {
  private unowned let hub: Hub
  private let log: any LogStore
  private var followed: [Bucket: Followed] = [:]
  private var suspects: [ConversationID] = []
  /// Followed buckets that the last answer left out.
  private var away: Set<Bucket> = []
  /// Whether the counters are being asked for.
  private var isAsking = false
  private var isStandingIn = false
  private var isUnderWay = false
  private var gatherIsDue = false
  private var failures = 0
  private var notBefore: Milliseconds = 0

  /// The servers that have answered; few, since there is another one only after a restart.
  private var servers: Set<Int64> = []
  /// More than all machines of a Citus; past it they are learned anew.
  private static let serversMax = 256
  private var membership: (round: HeadRound, member: Int)?
  /// What this loop or another has been told, and is yet to be compared.
  private var told: HeadRound.Answer?

  private struct Followed {
    var rooms = 0
    /// The counter up to which the rooms have been compared.
    var compared: Int64 = -1
  }

  init(hub: Hub, log: any LogStore) {
    self.hub = hub
    self.log = log
  }

  func roomOpened(in bucket: Bucket) { followed[bucket, default: Followed()].rooms += 1 }

  func roomClosed(in bucket: Bucket) {
    followed[bucket]?.rooms -= 1
    if followed[bucket]?.rooms == 0 { followed[bucket] = nil }
  }

  /// The room is to be compared soon; those that gather within a few milliseconds go in one statement.
  func suspect(_ room: Room) {
    guard !room.isSuspect else { return }
    room.isSuspect = true
    suspects.append(room.id)
    gather(after: hub.limits.suspectsGather)
  }

  private func gather(after delay: Milliseconds) {
    guard !gatherIsDue, !isUnderWay else { return }
    gatherIsDue = true
    hub.ports.schedule(after: delay) { [weak self] in
      self?.gatherIsDue = false
      self?.begin()
    }
  }

  // MARK: Sharing

  /// Compares together with other loops from now on.
  ///
  /// - Parameter execute: runs what it is given on this loop; called on others.
  func join(_ round: HeadRound, _ execute: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
    let member = round.join { [weak self] answer in execute { [weak self] in self?.heard(answer) } }
    membership = (round, member)
  }

  func leave() {
    if let (round, member) = membership { round.leave(member) }
    membership = nil
  }

  private func heard(_ answer: HeadRound.Answer) {
    guard !followed.isEmpty else { return }
    told = answer
    begin()
  }

  // MARK: Asking

  /// The periodic comparison.
  func check(every period: Milliseconds) {
    guard hub.ports.now >= notBefore, !isUnderWay else { return }
    guard !isAsking else {
      // The others ask for what it has come to follow meanwhile.
      if let (round, member) = membership { round.follows(member, rooms: followed.mapValues(\.rooms)) }
      return begin()
    }
    guard let (round, member) = membership else {
      if let question = ownQuestion { ask(question) } else { begin() }
      return
    }
    let question = round.begin(member, rooms: followed.mapValues(\.rooms), at: hub.ports.now, every: period)
    if let question { return ask(question, for: membership) }
    begin()
    standIn(for: round, every: period)
  }

  /// Looks again when another loop should have had its answer.
  private func standIn(for round: HeadRound, every period: Milliseconds) {
    guard !isStandingIn, !followed.isEmpty, let at = round.handsOverAt else { return }
    isStandingIn = true
    hub.ports.schedule(after: max(1, at - hub.ports.now)) { [weak self] in
      guard let self else { return }
      isStandingIn = false
      if membership != nil, round.handsOverAt != nil { check(every: period) }
    }
  }

  /// Of what this loop follows alone.
  private var ownQuestion: HeadRound.Question? {
    guard !followed.isEmpty else { return nil }
    let since = followed.compactMapValues { $0.compared < 0 ? nil : BucketCounter(newest: $0.compared, server: 0) }
    return HeadRound.Question(rooms: followed.mapValues(\.rooms), since: since)
  }

  /// While it is asked, what another loop is told is compared all the same.
  private func ask(_ question: HeadRound.Question, for others: (round: HeadRound, member: Int)? = nil) {
    isAsking = true
    hub.ports.spawn { [hub] in await hub.headCheck.asked(question, for: others) }
  }

  private func asked(_ question: HeadRound.Question, for others: (round: HeadRound, member: Int)?) async {
    do {
      let counters = try await log.counters(of: question.rooms.keys.sorted())
      var answer = HeadRound.Answer(asked: Set(question.rooms.keys), counters: counters)
      try await readEntries(question, into: &answer)
      isAsking = false
      if others?.round.answered(answer, to: question, by: others?.member ?? 0) ?? true { told = answer }
    } catch {
      isAsking = false
      others?.round.failed(question)
      failed(toAsk: [])
    }
    goOn()
  }

  // MARK: Comparing

  private func begin() {
    guard !isUnderWay, hub.ports.now >= notBefore, told != nil || !suspects.isEmpty else { return }
    // After a failure the counters tell which buckets are there to be compared.
    if failures > 0, told == nil, let question = ownQuestion {
      if !isAsking { ask(question) }
      return
    }
    isUnderWay = true
    hub.counts.headChecks += 1
    hub.ports.spawn { [hub] in await hub.headCheck.compare() }
  }

  private func compare() async {
    var asked: [Asked] = []
    do {
      let answer = told
      told = nil
      let moved = answer.map(takeIn) ?? (compared: [:], busy: [])
      asked = (takeSuspects() + rooms(in: moved.busy)).compactMap { id in
        away.contains(id.bucket) ? nil : hub.rooms[id].map { (id, $0.known) }
      }
      while !asked.isEmpty {
        let some = asked.prefix(hub.limits.headsPerStatement)
        confirm(some, try await log.heads(of: some.map(\.id)))
        asked.removeFirst(some.count)
      }
      for (bucket, newest) in moved.compared { followed[bucket]?.compared = newest }
      failures = 0
    } catch {
      failed(toAsk: asked.map(\.id))
    }
    isUnderWay = false
    hub.judgeSlowReaders()
    goOn()
  }

  /// With what has come meanwhile.
  private func goOn() {
    if told != nil { begin() }
    if !suspects.isEmpty { gather(after: max(hub.limits.suspectsGather, notBefore - hub.ports.now)) }
  }

  /// Confirms what the answer tells of; says up to where that is, and of which buckets the heads are to be read.
  private func takeIn(_ answer: HeadRound.Answer) -> (compared: [Bucket: Int64], busy: [Bucket]) {
    let strange = servers.isEmpty ? [] : Set(answer.counters.values.map(\.server)).subtracting(servers)
    if servers.count + strange.count > Self.serversMax { servers = [] }
    servers.formUnion(answer.counters.values.map(\.server))
    var (moved, busy): ([Bucket: Int64], [Bucket]) = ([:], [])
    for bucket in answer.asked {
      guard let known = followed[bucket]?.compared else { continue }
      guard let counter = answer.counters[bucket] else {
        away.insert(bucket)
        followed[bucket]?.compared = -1
        continue
      }
      away.remove(bucket)
      let isStrange = strange.contains(counter.server)
      // If this comparison fails, the next one does not take the counter's word either.
      if isStrange { followed[bucket]?.compared = -1 }
      guard isStrange || counter.newest != known else { continue }
      moved[bucket] = counter.newest
      let isTold = known <= counter.newest && answer.told[bucket].map { $0 <= known } ?? false
      if isStrange || known < 0 || !isTold { busy.append(bucket) }
    }
    hub.late.told(answer.counters)
    for (id, head) in answer.heads where moved[id.bucket] != nil { hub.rooms[id]?.confirm(head) }
    return (moved, busy)
  }

  /// Reads the new entries of the buckets with more rooms than these.
  ///
  /// To look for a bucket's entries costs about as much as two rooms' heads, to read one as much as one.
  private func readEntries(
    _ question: HeadRound.Question, into answer: inout HeadRound.Answer
  ) async throws(ChatError) {
    var (few, entries) = ([Bucket: Int64](), Int64(0))
    for (bucket, rooms) in question.rooms {
      guard let counter = answer.counters[bucket], let since = question.since[bucket]?.newest else { continue }
      let new = counter.newest.subtractingReportingOverflow(since).partialValue
      guard new > 0, new < rooms - 2 else { continue }
      if !few.isEmpty, entries + new > hub.limits.headsPerStatement {
        try await read(few, into: &answer)
        (few, entries) = ([:], 0)
      }
      few[bucket] = since
      entries += new
    }
    if !few.isEmpty { try await read(few, into: &answer) }
  }

  private func read(_ few: [Bucket: Int64], into answer: inout HeadRound.Answer) async throws(ChatError) {
    guard let heads = try await log.heads(after: few) else { return }
    answer.heads.merge(heads) { max($0, $1) }
    answer.told.merge(few) { $1 }
  }

  private func takeSuspects() -> [ConversationID] {
    let taken = suspects
    suspects = []
    for id in taken { hub.rooms[id]?.isSuspect = false }
    return taken
  }

  /// The rooms of those buckets; some may be suspects too, and are asked twice at no harm.
  private func rooms(in moved: [Bucket]) -> [ConversationID] {
    guard !moved.isEmpty else { return [] }
    let buckets = Set(moved)
    return hub.rooms.all.filter { buckets.contains($0.id.bucket) }.map(\.id)
  }

  private typealias Asked = (id: ConversationID, known: Room.Known)

  private func confirm(_ asked: ArraySlice<Asked>, _ heads: [ConversationID: Int64]) {
    for (id, known) in asked {
      guard let room = hub.rooms[id] else { continue }
      guard let head = heads[id] else {
        room.judgeDenied(lostAfter: nil)
        continue
      }
      room.confirm(head, asked: known)
    }
  }

  private func failed(toAsk asked: [ConversationID]) {
    failures += 1
    hub.counts.failedReads += 1
    let wait = hub.ports.backOff(after: failures, first: hub.limits.retryFirst, most: hub.limits.retryMost)
    notBefore = hub.ports.now + wait
    for id in asked {
      guard let room = hub.rooms[id], !room.isSuspect else { continue }
      room.isSuspect = true
      suspects.append(id)
    }
  }
}
