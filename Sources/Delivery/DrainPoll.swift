import ChatCore

/// Looks after a short while at the rooms in which somebody's catching up waits for his send queue to drain.
final class DrainPoll {
  private unowned let hub: Hub
  private var rooms: [ConversationID] = []
  private var isDue = false

  init(hub: Hub) { self.hub = hub }

  func watch(_ room: Room) {
    if !rooms.contains(room.id) { rooms.append(room.id) }
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
    for id in polled {
      guard let room = hub.rooms[id] else { continue }
      if room.pollDraining() { watch(room) }
    }
    hub.judgeSlowReaders()
    schedule()
  }
}
