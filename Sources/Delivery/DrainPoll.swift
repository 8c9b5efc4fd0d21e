import ChatCore

/// Looks after a short while at the rooms in which somebody's catching up waits for his send queue to drain.
final class DrainPoll {
  private unowned let hub: Hub
  /// In the order in which they asked; of those that are watched, each once.
  private var rooms: [ConversationID] = []
  private var known: Set<ConversationID> = []
  private var isDue = false

  init(hub: Hub) { self.hub = hub }

  func watch(_ room: Room) {
    if known.insert(room.id).inserted { rooms.append(room.id) }
    schedule()
  }

  private func schedule() {
    guard !isDue, !rooms.isEmpty else { return }
    isDue = true
    hub.ports.schedule(after: hub.limits.drainPoll) { [weak self] in self?.poll() }
  }

  private func poll() {
    isDue = false
    let polled = rooms
    rooms = []
    known = []
    for id in polled {
      guard let room = hub.rooms[id] else { continue }
      if room.pollDraining() { watch(room) }
    }
    hub.judgeSlowReaders()
    schedule()
  }
}
