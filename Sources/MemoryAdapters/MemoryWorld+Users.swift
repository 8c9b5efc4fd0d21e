import ChatCore

extension MemoryWorld: UserStore {
  /// Takes the name and makes the user with his self conversation, both in the name's bucket.
  public func register(_ new: NewUser) async throws(ChatError) -> User {
    try transaction { (ledger, now) throws(ChatError) in
      guard ledger.userByKey[new.username.key] == nil else { throw .conflict(.usernameTaken) }
      let id = UserID(counter: ledger.nextIdentifier(), bucket: new.username.bucket)
      let author = Author(id: id, username: new.username.text)
      let owner = Member(user: id, username: new.username.text, role: .owner)
      let (own, _) = ledger.makeConversation(
        .self, in: id.bucket, title: nil, members: [owner], by: author, at: now)
      let user = User(
        id: id, username: new.username.text, displayName: new.displayName, email: new.email, createdAt: now,
        ownConversation: own.id, avatarURL: new.avatarURL, attributes: new.attributes)
      ledger.users[id] = Ledger.UserRow(user: user, key: new.username.key, passwordHash: new.passwordHash)
      ledger.userByKey[new.username.key] = id
      return user
    }
  }

  /// The user with that id.
  public func user(_ id: UserID) async throws(ChatError) -> User? {
    try transaction { (ledger, _) throws(ChatError) in ledger.living(id)?.user }
  }

  /// Those of the ids that exist, ascending.
  public func users(_ ids: [UserID]) async throws(ChatError) -> [User] {
    try transaction { (ledger, _) throws(ChatError) in Set(ids).sorted().compactMap { ledger.living($0)?.user } }
  }

  /// The user with that name key and his password hash.
  public func credentials(ofUsernameKey key: String) async throws(ChatError) -> (user: User, passwordHash: String)? {
    try transaction { (ledger, _) throws(ChatError) in
      guard let id = ledger.userByKey[key], let row = ledger.living(id) else { return nil }
      return (row.user, row.passwordHash)
    }
  }

  /// Replaces the password hash.
  public func setPasswordHash(_ hash: String, of user: UserID) async throws(ChatError) {
    try transaction { (ledger, _) throws(ChatError) in
      if ledger.living(user) != nil { ledger.users[user]?.passwordHash = hash }
    }
  }

  /// The hash of the user's password.
  public func passwordHash(of user: UserID) async throws(ChatError) -> String? {
    try transaction { (ledger, _) throws(ChatError) in ledger.living(user)?.passwordHash }
  }

  /// Replaces the password hash and ends the user's other sessions.
  public func changePassword(
    _ hash: String, of user: UserID, keeping kept: SessionID?
  ) async throws(ChatError) -> [SessionID] {
    try transaction { (ledger, now) throws(ChatError) in
      guard ledger.living(user) != nil else { throw .notFound(.user) }
      ledger.users[user]?.passwordHash = hash
      let ended = living(of: user, in: ledger, at: now).map(\.id).filter { $0 != kept }
      for id in ended { ledger.sessions[id]?.ended = true }
      return ended
    }
  }

  /// Changes what the change names.
  public func update(_ user: UserID, _ change: ProfileChange) async throws(ChatError) -> User {
    try transaction { (ledger, _) throws(ChatError) in
      guard var row = ledger.living(user) else { throw .notFound(.user) }
      if let displayName = change.displayName { row.user.displayName = displayName }
      if let email = change.email { row.user.email = email }
      if let avatarURL = change.avatarURL { row.user.avatarURL = avatarURL }
      row.user.attributes = try ProfileRules.merge(row.user.attributes, change.attributes)
      ledger.users[user] = row
      return row.user
    }
  }

  /// Ends the account with all its sessions.
  public func delete(_ user: UserID) async throws(ChatError) -> Bool {
    try transaction { (ledger, now) throws(ChatError) in
      guard ledger.living(user) != nil else { return false }
      ledger.users[user]?.isGone = true
      ledger.users[user]?.passwordHash = ""
      ledger.cleanups[user] = (now, 0)
      for id in ledger.sessionsOfUser[user] ?? [] { ledger.sessions[id]?.ended = true }
      return true
    }
  }

  /// Users whose name key begins with `prefix`, ascending by the bytes of the key.
  public func search(prefix: String, after: String?, limit: Int) async throws(ChatError) -> [User] {
    try transaction { (ledger, _) throws(ChatError) in
      let keys = ledger.userByKey.keys.filter { key in
        guard key.utf8.starts(with: prefix.utf8), ledger.userByKey[key].flatMap(ledger.living) != nil else {
          return false
        }
        guard let after else { return true }
        return after.utf8.lexicographicallyPrecedes(key.utf8)
      }
      let page = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.prefix(max(0, limit))
      return page.compactMap { ledger.userByKey[$0] }.compactMap { ledger.living($0)?.user }
    }
  }

  /// The users whose name keys lie nearest to each of the keys.
  public func near(keys: [String], each: Int) async throws(ChatError) -> [User] {
    try transaction { (ledger, _) throws(ChatError) in
      let living = ledger.userByKey.filter { ledger.living($0.value) != nil }
      let sorted = living.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      var found: Set<UserID> = []
      for key in keys {
        let place = sorted.firstIndex { !$0.utf8.lexicographicallyPrecedes(key.utf8) } ?? sorted.count
        let near = sorted[..<place].suffix(max(0, each)) + sorted[place...].prefix(max(0, each))
        found.formUnion(near.compactMap { ledger.userByKey[$0] })
      }
      return found.sorted().compactMap { ledger.users[$0]?.user }
    }
  }
}
