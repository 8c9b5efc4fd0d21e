import ChatCore

/// Telling a room's members: few at once, a crowd so many in each turn of the loop, so that others come in between.
extension Room {
  /// Tells an entry to all who have everything before it; a crowd's later ones in the turns that follow.
  func tell(_ entry: EncodedEntry, _ hub: Hub) {
    let count = members.count
    guard audience.waiting > 0 || count > hub.limits.toldAtOnceMax else {
      return deliver(entry, to: 0..<count, areLast: true, hub)
    }
    audience.tell(entry)
    switch entry.entry.event {
    // What else a session is told because of these comes after them.
    case .joined, .left: tellMembers(down: 0)
    default: tellMembers(down: hub.limits.tellingsMax)
    }
    if !isTellingOn { tellSome() }
  }

  /// Whoever goes has been told everything up to where the room stands.
  func tellRest(to session: HubSession, at place: Int) {
    guard session.isAttached, audience.waiting > 0 else { return }
    for entry in audience.missing(at: place) { deliver(entry, to: place..<place + 1, areLast: false, hub) }
  }

  /// At once, until no more entries wait than that.
  private func tellMembers(down most: Int) {
    while audience.waiting > most, let (entry, places, areLast) = audience.next(atMost: .max) {
      deliver(entry, to: places, areLast: areLast, hub)
    }
  }

  private func tellSome() {
    if let (entry, places, areLast) = audience.next(atMost: hub.limits.toldPerTurn) {
      deliver(entry, to: places, areLast: areLast, hub)
    }
    isTellingOn = audience.waiting > 0
    guard isTellingOn else { return }
    // Other processes want the cores too, and how fast a crowd's messages leave is not decided here.
    let rest = audience.waiting > 1 ? 0 : hub.limits.tellingRest
    hub.ports.schedule(after: rest) { [weak self] in
      guard let self else { return }
      tellSome()
      hub.judgeSlowReaders()
    }
  }

  private func deliver(_ entry: EncodedEntry, to places: Range<Int>, areLast: Bool, _ hub: Hub) {
    let members = members
    hub.telling(members.count) {
      hub.counts.delivered += FanOut.deliver(
        entry, to: places, of: members, queueBytesMax: hub.limits.sendQueueBytesMax, slow: &hub.slowReaders,
        hub.ports)
    }
    guard areLast, !members.isEmpty else { return }
    hub.counts.ages.record(hub.ports.wallTime.milliseconds &- entry.entry.createdAt.milliseconds)
  }
}
