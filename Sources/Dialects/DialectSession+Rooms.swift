import ChatCore

/// What a client has entered, as far as its dialect has rooms.
extension DialectSession {
  /// Conversations that a client may have entered: more than anybody opens, some kilobytes.
  static let enteredMax = 1_000

  /// From now on the client is inside, if there is room for one more.
  func enter(_ conversation: ConversationID) {
    if entered.count < DialectSession.enteredMax { entered.insert(conversation) }
  }

  func leave(_ conversation: ConversationID) { entered.remove(conversation) }

  /// The client comes in, maybe back: it is inside what it was inside of; gives the secret by which it may come back.
  func takeRooms(under old: String?) -> String? {
    guard let shelf = door.shelf, let user else { return nil }
    if let old { entered.formUnion(shelf.take(old, of: user.id, now: mount.now())) }
    pid = shelf.makeID()
    return pid
  }

  /// The client is gone, and may come back.
  func keepRooms() {
    guard let pid, let user, !entered.isEmpty else { return }
    door.shelf?.put(pid, of: user.id, entered, now: mount.now())
  }
}
