import ChatCore

extension MemoryWorld: SessionStore {
  /// Opens a session with generation 1; the user's oldest end when there would be more than `most`.
  public func open(user: UserID, device: String?, nonce: [UInt8], most: Int) async throws(ChatError) -> Session {
    try transaction { (ledger, now) throws(ChatError) in
      guard ledger.users[user]?.isGone != true else { throw .unauthenticated(.wrongCredentials) }
      let id = SessionID(counter: ledger.nextIdentifier(), bucket: user.bucket)
      let session = Session(id: id, user: user, device: device, createdAt: now, lastSeenAt: now)
      ledger.sessions[id] = Ledger.SessionRow(session: session, nonce: nonce, rotatedAt: now)
      ledger.sessionsOfUser[user, default: []].append(id)
      for surplus in living(of: user, in: ledger, at: now).dropFirst(max(1, most)) {
        ledger.sessions[surplus.id]?.ended = true
      }
      return session
    }
  }

  /// What a refresh needs, unless the session is over.
  public func refreshState(_ session: SessionID) async throws(ChatError) -> RefreshState? {
    try transaction { (ledger, now) throws(ChatError) in
      guard let row = ledger.sessions[session], isAlive(row, at: now) else { return nil }
      return RefreshState(session: row.session, nonce: row.nonce, generation: row.generation)
    }
  }

  /// Moves to the next generation, repeats the last move within `grace`, or ends the session.
  public func rotate(_ session: SessionID, from generation: Int64, grace: Milliseconds) async throws(ChatError)
    -> Rotation
  {
    try transaction { (ledger, now) throws(ChatError) in
      guard var row = ledger.sessions[session], isAlive(row, at: now) else { return .ended }
      defer { ledger.sessions[session] = row }
      if generation == row.generation {
        row.generation += 1
        row.rotatedAt = now
        row.session = row.session.seen(at: now)
        return .rotated(generation: row.generation)
      }
      if generation == row.generation - 1, now <= row.rotatedAt.adding(milliseconds: grace) {
        return .rotated(generation: row.generation)
      }
      row.ended = true
      return .reused
    }
  }

  /// The user's living sessions, newest first.
  public func sessions(of user: UserID) async throws(ChatError) -> [Session] {
    try transaction { (ledger, now) throws(ChatError) in living(of: user, in: ledger, at: now) }
  }

  /// Ends one; true when it was alive.
  public func end(_ session: SessionID, of user: UserID) async throws(ChatError) -> Bool {
    try transaction { (ledger, now) throws(ChatError) in
      guard let row = ledger.sessions[session], row.session.user == user, isAlive(row, at: now) else { return false }
      ledger.sessions[session]?.ended = true
      return true
    }
  }

  /// Ends all of the user's; those that were alive.
  public func endAll(of user: UserID) async throws(ChatError) -> [SessionID] {
    try transaction { (ledger, now) throws(ChatError) in
      let alive = living(of: user, in: ledger, at: now).map(\.id)
      for id in alive { ledger.sessions[id]?.ended = true }
      return alive
    }
  }

  /// Those of the ids that are no longer alive or never were.
  public func ended(among sessions: [SessionID]) async throws(ChatError) -> [SessionID] {
    try transaction { (ledger, now) throws(ChatError) in
      sessions.filter { id in ledger.sessions[id].map { !isAlive($0, at: now) } ?? true }
    }
  }

  private func isAlive(_ row: Ledger.SessionRow, at now: Timestamp) -> Bool {
    !row.ended && now <= row.session.lastSeenAt.adding(milliseconds: sessionIdleMax)
  }

  func living(of user: UserID, in ledger: Ledger, at now: Timestamp) -> [Session] {
    let rows = (ledger.sessionsOfUser[user] ?? []).reversed().compactMap { ledger.sessions[$0] }
    return rows.filter { isAlive($0, at: now) }.map(\.session)
  }
}

extension Session {
  fileprivate func seen(at now: Timestamp) -> Session {
    Session(id: id, user: user, device: device, createdAt: createdAt, lastSeenAt: now)
  }
}
