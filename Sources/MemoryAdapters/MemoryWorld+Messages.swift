import ChatCore

extension MemoryWorld: MessageStore {
  /// The message as it is now, if `reader` may see it.
  public func message(_ id: EntryID, for reader: UserID) async throws(ChatError) -> Message? {
    try transaction { (ledger, _) throws(ChatError) in
      guard let (message, row) = ledger.livingMessage(id),
        ConversationRules.maySee(row.kind, role: row.members[reader]?.role)
      else { return nil }
      return message
    }
  }

  /// Changes it as the domain's rules decide.
  public func change(
    _ id: EntryID, _ change: MessageChange, by caller: UserID
  ) async throws(ChatError) -> ChangedMessage {
    try transaction { (ledger, now) throws(ChatError) in
      guard let (message, found) = ledger.livingMessage(id) else { throw .notFound(.message) }
      let member = found.members[caller]
      let author = Author(id: caller, username: member?.username ?? "")
      let situation = MessageRules.Situation(
        message: message, kind: found.kind, caller: author, role: member?.role,
        hasReacted: ledger.hasReacted(caller, to: id, change), pair: ledger.pair(of: found), nextSeq: found.head + 1,
        moment: now)
      guard let decision = try MessageRules.decide(change, in: situation) else {
        return ChangedMessage(message: message, made: nil)
      }
      var row = found
      let entry = ledger.write(&row, by: author, at: now) { _, _ in decision.event }
      ledger.conversations[row.id] = row
      ledger.rewrite(decision.message)
      ledger.note(change, of: caller, on: id)
      return ChangedMessage(message: decision.message, made: [entry])
    }
  }

  /// How a user stands in a conversation that is there.
  public func standing(of user: UserID, in id: ConversationID) async throws(ChatError) -> MemberStanding? {
    try transaction { (ledger, _) throws(ChatError) in
      guard let row = ledger.conversations[id], !row.deleted else { return nil }
      return MemberStanding(
        kind: row.kind, head: row.head, memberCount: row.members.count, member: row.members[user],
        pair: ledger.pair(of: row))
    }
  }

  /// Moves the read marker forward, never back.
  public func markRead(_ id: ConversationID, _ user: UserID, upTo seq: Int64) async throws(ChatError) -> Bool {
    try transaction { (ledger, _) throws(ChatError) in
      guard let member = ledger.conversations[id]?.members[user], member.readSeq < seq else { return false }
      ledger.conversations[id]?.members[user]?.readSeq = seq
      return true
    }
  }
}

extension Ledger {
  /// Who has put what on which message. Bytes, because Swift takes canonically equal strings for equal.
  struct Reaction: Hashable {
    let user: UserID
    let emoji: [UInt8]

    init(_ user: UserID, _ emoji: String) {
      self.user = user
      self.emoji = Array(emoji.utf8)
    }
  }

  fileprivate func livingMessage(_ id: EntryID) -> (Message, ConversationRow)? {
    guard let message = message(id), let row = conversations[message.conversation], !row.deleted else { return nil }
    return (message, row)
  }

  fileprivate func hasReacted(_ user: UserID, to id: EntryID, _ change: MessageChange) -> Bool {
    switch change {
    case .edit, .delete: false
    case .react(let emoji, _), .unreact(let emoji): reactions[id]?.contains(Reaction(user, emoji)) ?? false
    }
  }

  fileprivate mutating func note(_ change: MessageChange, of user: UserID, on id: EntryID) {
    switch change {
    case .edit: break
    case .delete: reactions[id] = nil
    case .react(let emoji, _): reactions[id, default: []].insert(Reaction(user, emoji))
    case .unreact(let emoji): reactions[id]?.remove(Reaction(user, emoji))
    }
  }
}
