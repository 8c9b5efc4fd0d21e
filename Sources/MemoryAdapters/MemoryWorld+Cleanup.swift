import ChatCore

extension MemoryWorld: CleanupStore {
  /// Accounts at which nobody has worked for so long.
  public func idleCleanups(for span: Milliseconds, limit: Int) async throws(ChatError) -> [UserID] {
    try transaction { (ledger, now) throws(ChatError) in
      let idle = ledger.cleanups.filter { $0.value.tended.adding(milliseconds: span) <= now }
      let sorted = idle.sorted {
        ($0.value.looks, $0.value.tended, $0.key) < ($1.value.looks, $1.value.tended, $1.key)
      }
      return Array(sorted.map(\.key).prefix(max(0, limit)))
    }
  }

  /// Says that the caller works at it now.
  public func takeCleanup(of user: UserID, idleFor span: Milliseconds) async throws(ChatError) -> User? {
    try transaction { (ledger, now) throws(ChatError) in
      guard let note = ledger.cleanups[user], note.tended.adding(milliseconds: span) <= now else { return nil }
      ledger.cleanups[user] = (now, span > 0 ? min(note.looks + 1, AccountCleanups.looksMax) : note.looks)
      return ledger.users[user]?.user
    }
  }

  /// What is left of an account that has ended.
  public func endedAccount(_ user: UserID) async throws(ChatError) -> User? {
    try transaction { (ledger, _) throws(ChatError) in ledger.users[user].flatMap { $0.isGone ? $0.user : nil } }
  }

  /// The conversations on the user's list.
  public func conversationsListed(of user: UserID, after: ConversationID?, limit: Int) async throws(ChatError)
    -> [ConversationID]
  {
    try transaction { (ledger, _) throws(ChatError) in
      let after = after?.rawValue ?? 0
      return Array(ledger.listed(of: user).filter { $0.rawValue > after }.sorted().prefix(max(0, limit)))
    }
  }

  /// Takes the user out of a conversation and it off his list.
  public func leave(_ id: ConversationID, user: User) async throws(ChatError) -> Made {
    try transaction { (ledger, now) throws(ChatError) in
      ledger.conversationsOfUser[user.id]?.remove(id)
      guard var row = ledger.conversations[id], !row.deleted else { return [] }
      let exit = MembershipRules.exit(
        from: row.kind, role: row.members[user.id]?.role, owners: row.members.values.count { $0.role == .owner },
        members: row.members.count)
      guard exit != .none else { return [] }
      var made: Made = []
      if exit == .leaveToSuccessor, let next = ledger.successor(of: user.id, in: row) {
        made.append(ledger.setRole(.owner, of: next, in: &row, by: user.author, at: now))
      }
      row.members[user.id] = nil
      row.joinedSeqs[user.id] = nil
      made.append(ledger.write(&row, by: user.author, at: now) { _, _ in .memberLeft(user.author) })
      ledger.conversations[id] = row
      return made
    }
  }

  /// Drops rows that only he has read.
  public func dropRows(of user: UserID, limit: Int) async throws(ChatError) -> Bool {
    try transaction { (ledger, _) throws(ChatError) in
      let sessions = (ledger.sessionsOfUser[user] ?? []).prefix(limit)
      let others = (ledger.acquaintances[user] ?? []).sorted().prefix(limit)
      for id in sessions { ledger.sessions[id] = nil }
      ledger.sessionsOfUser[user]?.removeFirst(sessions.count)
      ledger.acquaintances[user]?.subtract(others)
      return !sessions.isEmpty || !others.isEmpty
    }
  }

  /// Takes the note away, unless he is on a list again.
  public func finishCleanup(of user: UserID) async throws(ChatError) -> Bool {
    try transaction { (ledger, _) throws(ChatError) in
      guard ledger.listed(of: user).isEmpty, ledger.acquaintances[user]?.isEmpty ?? true else { return false }
      ledger.cleanups[user] = nil
      return true
    }
  }
}

extension Ledger {
  fileprivate func listed(of user: UserID) -> Set<ConversationID> {
    (conversationsOfUser[user] ?? []).filter { conversations[$0]?.kind != .self }
  }

  fileprivate func successor(of user: UserID, in row: ConversationRow) -> Author? {
    let others = row.members.values.filter { $0.user != user }.map {
      (member: $0, joinedSeq: row.joinedSeqs[$0.user] ?? 0)
    }
    let first = others.sorted(by: MembershipRules.precedes).prefix(16)
    return (first.first { users[$0.member.user]?.isGone == false } ?? first.first)
      .map { Author(id: $0.member.user, username: $0.member.username) }
  }
}
