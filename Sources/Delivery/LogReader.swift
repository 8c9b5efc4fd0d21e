import ChatCore

/// Reads pages of logs for the rooms that miss something: one read a room, a few at once on a loop, live rooms first.
///
/// - Errors: a read that fails is repeated by its room after a growing, jittered wait; nothing is forgotten.
final class LogReader {
  private unowned let hub: Hub
  private let log: any LogStore
  private var urgent = RoomQueue()
  private var ordinary = RoomQueue()
  private var underWay = 0
  private var tickets: UInt64 = 0
  private var pumpIsDue = false

  init(hub: Hub, log: any LogStore) {
    self.hub = hub
    self.log = log
  }

  /// The room misses something; harmless when it has asked before.
  func request(_ room: Room, urgent isUrgent: Bool) {
    switch room.reading {
    case .idle: break
    case .queued(let wasUrgent): if wasUrgent || !isUrgent { return }
    case .underWay, .resting: return
    }
    room.reading = .queued(urgent: isUrgent)
    if isUrgent { urgent.append(room.id) } else { ordinary.append(room.id) }
    pumpSoon()
  }

  /// Once a turn, so that all who ask in one turn are served by the same read.
  private func pumpSoon() {
    guard !pumpIsDue, underWay < hub.limits.readsAtOnceMax else { return }
    pumpIsDue = true
    hub.ports.schedule(after: 0) { [weak self] in
      self?.pumpIsDue = false
      self?.pump()
    }
  }

  private func pump() {
    while underWay < hub.limits.readsAtOnceMax, let (id, isUrgent) = takeNext() {
      // A room that has become urgent, or was closed, has left its old place in the queue behind.
      guard let room = hub.rooms[id], room.reading == .queued(urgent: isUrgent) else { continue }
      guard let after = room.nextRead() else {
        room.reading = .idle
        continue
      }
      read(room, after: after, urgent: isUrgent)
    }
  }

  private func takeNext() -> (ConversationID, isUrgent: Bool)? {
    if let id = urgent.popFirst() { return (id, true) }
    return ordinary.popFirst().map { ($0, false) }
  }

  /// A page that lies whole below the head which the log has confirmed is the past, and may come from a copy; the
  /// newest entries, and what live sessions lack, come from the log itself, which alone says where it ends.
  private func read(_ room: Room, after: Int64, urgent isUrgent: Bool) {
    underWay += 1
    tickets &+= 1
    let (ticket, id, limit, head) = (tickets, room.id, hub.limits.pageEntries, room.cursor.confirmed)
    let isPast = !isUrgent && head &- after >= limit
    room.readBegins(ticket: ticket, urgent: isUrgent, past: isPast)
    hub.ports.spawn { [hub, log] in
      let page: [Entry]?
      do {
        page =
          isPast
          ? try await log.entries(of: id, after: after, limit: limit, asOf: head)
          : try await log.entries(of: id, after: after, limit: limit)
      } catch {
        page = nil
      }
      hub.pageRead(id, ticket: ticket, after: after, page)
    }
  }

  /// A read has ended, whatever became of the room.
  func readEnded() {
    underWay -= 1
    if !urgent.isEmpty || !ordinary.isEmpty { pumpSoon() }
  }
}

/// Conversations in the order in which they asked.
struct RoomQueue {
  private var ids: [ConversationID] = []
  private var first = 0

  var isEmpty: Bool { first == ids.count }

  mutating func append(_ id: ConversationID) { ids.append(id) }

  mutating func popFirst() -> ConversationID? {
    guard first < ids.count else { return nil }
    let id = ids[first]
    first += 1
    if first > 64, first * 2 > ids.count {
      ids.removeFirst(first)
      first = 0
    }
    return id
  }
}
