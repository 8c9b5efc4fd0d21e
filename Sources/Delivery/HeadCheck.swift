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
/// - Limits: one comparison at a time on a loop; ``DeliveryLimits/headsPerStatement`` conversations in a statement.
/// - Errors: a store that fails is asked again after a growing, jittered wait; nothing counts as compared before its
///   heads came.
final class HeadCheck: @unchecked Sendable {
  private unowned let hub: Hub
  private let log: any LogStore
  private var followed: [Bucket: Followed] = [:]
  private var suspects: [ConversationID] = []
  /// Followed buckets that the last answer left out.
  private var away: Set<Bucket> = []
  private var isUnderWay = false
  private var gatherIsDue = false
  private var failures = 0
  private var notBefore: Milliseconds = 0

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
      self?.begin(buckets: [])
    }
  }

  /// The periodic comparison.
  func check() { begin(buckets: followed.keys.sorted()) }

  private func begin(buckets: [Bucket]) {
    guard !isUnderWay, hub.ports.now >= notBefore, !(buckets.isEmpty && suspects.isEmpty) else { return }
    // After a failure the counters tell which buckets are there to be compared.
    let buckets = failures > 0 ? followed.keys.sorted() : buckets
    isUnderWay = true
    hub.counts.headChecks += 1
    hub.ports.spawn { [hub] in await hub.headCheck.compare(buckets) }
  }

  private func compare(_ buckets: [Bucket]) async {
    var asked: [ConversationID] = []
    do {
      let counters = buckets.isEmpty ? [:] : try await log.counters(of: buckets)
      if !buckets.isEmpty { away = Set(buckets.filter { counters[$0] == nil }) }
      for bucket in away { followed[bucket]?.compared = -1 }
      let moved = buckets.filter { counters[$0] != nil && counters[$0] != followed[$0]?.compared }
      let busy = try await readEntries(of: moved, upTo: counters)
      asked = (takeSuspects() + rooms(in: busy)).filter { !away.contains($0.bucket) }
      while !asked.isEmpty {
        let some = Array(asked.prefix(hub.limits.headsPerStatement))
        confirm(some, try await log.heads(of: some))
        asked.removeFirst(some.count)
      }
      for bucket in moved { followed[bucket]?.compared = counters[bucket, default: 0] }
      failures = 0
    } catch {
      failed(toAsk: asked)
    }
    isUnderWay = false
    hub.judgeSlowReaders()
    if !suspects.isEmpty { gather(after: max(hub.limits.suspectsGather, notBefore - hub.ports.now)) }
  }

  /// Compares the buckets with more rooms than new entries by these; returns the others.
  ///
  /// To look for a bucket's entries costs about as much as two rooms' heads, to read one as much as one.
  private func readEntries(of moved: [Bucket], upTo counters: [Bucket: Int64]) async throws(ChatError) -> [Bucket] {
    var (others, few, entries) = ([Bucket](), [Bucket: Int64](), Int64(0))
    for bucket in moved {
      let since = followed[bucket]?.compared ?? -1
      let new = counters[bucket, default: 0].subtractingReportingOverflow(since).partialValue
      guard since >= 0, new > 0, new < (followed[bucket]?.rooms ?? 0) - 2 else {
        others.append(bucket)
        continue
      }
      if !few.isEmpty, entries + new > hub.limits.headsPerStatement {
        if try await !confirmEntries(few) { others += few.keys }
        (few, entries) = ([:], 0)
      }
      few[bucket] = since
      entries += new
    }
    if !few.isEmpty, try await !confirmEntries(few) { others += few.keys }
    return others
  }

  private func confirmEntries(_ few: [Bucket: Int64]) async throws(ChatError) -> Bool {
    guard let heads = try await log.heads(after: few) else { return false }
    for (id, head) in heads { hub.rooms[id]?.confirm(head) }
    return true
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

  private func confirm(_ asked: [ConversationID], _ heads: [ConversationID: Int64]) {
    for id in asked {
      if let head = heads[id] { hub.rooms[id]?.confirm(head) }
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
