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
        ownConversation: own.id)
      ledger.users[id] = Ledger.UserRow(user: user, key: new.username.key, passwordHash: new.passwordHash)
      ledger.userByKey[new.username.key] = id
      return user
    }
  }

  /// The user with that id.
  public func user(_ id: UserID) async throws(ChatError) -> User? {
    try transaction { (ledger, _) throws(ChatError) in ledger.users[id]?.user }
  }

  /// Those of the ids that exist, ascending.
  public func users(_ ids: [UserID]) async throws(ChatError) -> [User] {
    try transaction { (ledger, _) throws(ChatError) in Set(ids).sorted().compactMap { ledger.users[$0]?.user } }
  }

  /// The user with that name key and his password hash.
  public func credentials(ofUsernameKey key: String) async throws(ChatError) -> (user: User, passwordHash: String)? {
    try transaction { (ledger, _) throws(ChatError) in
      guard let id = ledger.userByKey[key], let row = ledger.users[id] else { return nil }
      return (row.user, row.passwordHash)
    }
  }

  /// Replaces the password hash.
  public func setPasswordHash(_ hash: String, of user: UserID) async throws(ChatError) {
    try transaction { (ledger, _) throws(ChatError) in ledger.users[user]?.passwordHash = hash }
  }

  /// Changes what is not nil.
  public func update(_ user: UserID, displayName: String?, email: String??) async throws(ChatError) -> User {
    try transaction { (ledger, _) throws(ChatError) in
      guard var row = ledger.users[user] else { throw .notFound(.user) }
      if let displayName { row.user.displayName = displayName }
      if let email { row.user.email = email }
      ledger.users[user] = row
      return row.user
    }
  }

  /// Users whose name key begins with `prefix`, ascending by the bytes of the key.
  public func search(prefix: String, after: String?, limit: Int) async throws(ChatError) -> [User] {
    try transaction { (ledger, _) throws(ChatError) in
      let keys = ledger.userByKey.keys.filter { key in
        guard key.utf8.starts(with: prefix.utf8) else { return false }
        guard let after else { return true }
        return after.utf8.lexicographicallyPrecedes(key.utf8)
      }
      let page = keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.prefix(max(0, limit))
      return page.compactMap { ledger.userByKey[$0] }.compactMap { ledger.users[$0]?.user }
    }
  }

  /// The users whose name keys lie nearest to each of the keys.
  public func near(keys: [String], each: Int) async throws(ChatError) -> [User] {
    try transaction { (ledger, _) throws(ChatError) in
      let sorted = ledger.userByKey.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
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
