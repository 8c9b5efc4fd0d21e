import ChatCore

/// Opening, entering and closing rooms.
extension Hub {
  /// Seats a session that has everything up to `have`, in a conversation whose log reaches `head`.
  func join(
    _ session: HubSession, _ id: ConversationID, have: Int64, head: Int64, facts: RoomFacts? = nil,
    resume: Resume? = nil
  ) {
    guard session.isAttached, session.seat(in: id) == nil else {
      resume?.caughtUp()
      return
    }
    room(id, head: head, facts).join(session, have: have, head: head, resume: resume)
  }

  /// Seats a session that skips what comes before `head`, to be told what comes after once it has been told that
  /// (``Room/answered(_:)``): the number of what it is told shall never stand for what it was not.
  func join(_ session: HubSession, _ id: ConversationID, skippingTo head: Int64, facts: RoomFacts?) {
    guard session.isAttached, session.seat(in: id) == nil else { return }
    room(id, head: head, facts).join(session, skippingTo: head)
  }

  /// Whether a session's format needs facts that the room does not have yet.
  func lacksFacts(_ session: HubSession, _ id: ConversationID) -> Bool {
    session.format.needsFacts && rooms[id]?.facts == nil
  }

  private func room(_ id: ConversationID, head: Int64, _ facts: RoomFacts?) -> Room {
    let room = rooms[id] ?? open(id, head: head)
    room.learn(facts)
    return room
  }

  private func open(_ id: ConversationID, head: Int64) -> Room {
    let room = Room(id: id, head: head, hub: self)
    rooms.add(room)
    headCheck.roomOpened(in: id.bucket)
    headCheck.suspect(room)
    switch late.handsOver(id) {
    case nil: broker.follow(.conversation(id))
    case true?: room.following()
    case false?: break
    }
    return room
  }

  func close(_ room: Room) {
    room.closed()
    rooms.remove(room)
    headCheck.roomClosed(in: room.id.bucket)
    if !late.takesOver(room) { broker.unfollow(.conversation(room.id)) }
  }

  /// A page that ``LogReader`` has asked for came, or could not be read; a room that was closed since does without.
  func pageRead(_ id: ConversationID, ticket: UInt64, after: Int64, _ page: [Entry]?) {
    if let room = rooms[id], case .underWay(ticket, let mark) = room.reading {
      if let page { room.pageRead(after: after, page, mark: mark) } else { room.readFailed() }
    }
    reader.readEnded()
    judgeSlowReaders()
  }
}

/// The rooms of a loop: by id, and in a flat list for what looks at all of them.
struct RoomTable {
  private var byID: [ConversationID: Room] = [:]
  private(set) var all: ContiguousArray<Room> = []

  subscript(_ id: ConversationID) -> Room? { byID[id] }

  mutating func add(_ room: Room) {
    room.place = all.count
    byID[room.id] = room
    all.append(room)
  }

  mutating func remove(_ room: Room) {
    byID[room.id] = nil
    let last = all.removeLast()
    guard last !== room else { return }
    all[room.place] = last
    last.place = room.place
  }
}
