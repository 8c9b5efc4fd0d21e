import ChatCore

extension MemoryWorld: ConversationStore {
  /// The direct conversation of two users, made when there is none.
  public func openDirect(_ caller: User, _ other: User, most: Int) async throws(ChatError) -> (
    conversation: Conversation, made: Made?
  ) {
    try transaction { (ledger, now) throws(ChatError) in
      let pair = Ledger.Pair(caller.id, other.id)
      if let id = ledger.directs[pair] { return (try ledger.living(id).told(members: 2, for: caller.id), nil) }
      try ContactRules.checkWriting(ledger.contactPair(caller.id, other.id), by: caller.id, at: now)
      for user in [caller, other] { try ledger.checkEntering(user.id, most: most) }
      let members = [caller, other].map { Member(user: $0.id, username: $0.username, role: .member) }
      let (row, made) = ledger.makeConversation(
        .direct, in: Bucket(ofPair: caller.id, other.id), title: nil, members: members, by: caller.author, at: now)
      ledger.directs[pair] = row.id
      return (row.told(members: 2, for: caller.id), made)
    }
  }

  /// The direct conversation of two users; nil when there is none.
  public func direct(_ one: UserID, _ other: UserID) async throws(ChatError) -> ConversationID? {
    try transaction { (ledger, _) in ledger.directs[Ledger.Pair(one, other)] }
  }

  /// Makes a group or public conversation with its owner and members.
  public func create(
    _ kind: ConversationKind, title: String, picture: String?, owner: User, members: [User], most: Int
  ) async throws(ChatError) -> (conversation: Conversation, made: Made) {
    try transaction { (ledger, now) throws(ChatError) in
      for member in members where ledger.contactPair(member.id, owner.id)[member.id].block != .none {
        throw .forbidden(.blocked)
      }
      try ledger.checkEntering(owner.id, most: most)
      for user in members { try ledger.checkEntering(user.id, most: ConversationRules.mostByOthers(most)) }
      let all =
        [Member(user: owner.id, username: owner.username, role: .owner)]
        + members.map { Member(user: $0.id, username: $0.username, role: .member) }
      // Multiplied by an odd number, so that rooms made one after the other lie in buckets far apart.
      let bucket = Bucket(folding: UInt64(bitPattern: ledger.nextIdentifier()) &* 2_654_435_761 >> 7)
      let (row, made) = ledger.makeConversation(
        kind, in: bucket, title: title, picture: picture, members: all, by: owner.author, at: now)
      return (row.told(members: all.count, for: owner.id), made)
    }
  }

  /// One conversation as `reader` may see it.
  public func conversation(_ id: ConversationID, for reader: UserID, members: Int) async throws(ChatError)
    -> Conversation?
  {
    try transaction { (ledger, _) throws(ChatError) in
      guard let row = ledger.conversations[id], !row.deleted,
        ConversationRules.maySee(row.kind, role: row.members[reader]?.role)
      else { return nil }
      return row.told(members: members, for: reader)
    }
  }

  /// The user's conversations ascending by id, without the self conversation.
  public func conversations(of user: UserID, after: ConversationID?, limit: Int, members: Int) async throws(ChatError)
    -> [Conversation]
  {
    try transaction { (ledger, _) throws(ChatError) in
      let rows = (ledger.conversationsOfUser[user] ?? []).sorted().compactMap { ledger.conversations[$0] }
      let after = after?.rawValue ?? 0
      let page = rows.filter { $0.id.rawValue > after && !$0.deleted && $0.kind != .self }.prefix(max(0, limit))
      return page.map { $0.told(members: members, for: user) }
    }
  }

  /// All conversations of the user with their heads.
  public func heads(of user: UserID) async throws(ChatError) -> UserHeads {
    let absent = absentBuckets
    return try transaction { (ledger, _) throws(ChatError) in
      var heads = UserHeads(known: [:])
      for id in ledger.conversationsOfUser[user] ?? [] {
        if absent.contains(id.bucket) {
          heads.unavailable.insert(id)
        } else if let row = ledger.conversations[id], !row.deleted {
          heads.known[id] = row.head
        }
      }
      return heads
    }
  }

  /// What a user is to others.
  public func relations(of user: UserID, to others: [UserID]) async throws(ChatError) -> [UserID: Relation] {
    try transaction { (ledger, _) throws(ChatError) in
      let mine = (ledger.conversationsOfUser[user] ?? []).filter { ledger.conversations[$0]?.deleted == false }
      let known = others.filter { !mine.isDisjoint(with: ledger.conversationsOfUser[$0] ?? []) }
      return Dictionary(known.map { ($0, Relation(sharesConversation: true)) }) { first, _ in first }
    }
  }

  /// Members ascending by user id.
  public func members(of id: ConversationID, after: UserID?, limit: Int) async throws(ChatError) -> [Member] {
    try transaction { (ledger, _) throws(ChatError) in
      let members = ledger.conversations[id]?.members ?? [:]
      let after = after?.rawValue ?? 0
      let page = members.keys.filter { $0.rawValue > after }.sorted().prefix(max(0, limit))
      return page.compactMap { members[$0] }
    }
  }

  /// Changes the title and the picture.
  public func update(
    _ id: ConversationID, title: String?, picture: String??, by caller: User
  ) async throws(ChatError) -> (conversation: Conversation, made: Made?) {
    try transaction { (ledger, now) throws(ChatError) in
      var row = try ledger.living(id)
      try ConversationRules.checkRenaming(row.kind, role: row.members[caller.id]?.role)
      var look = row.told(members: row.members.count, for: caller.id)
      guard look.take(title: title, picture: picture) else { return (look, nil) }
      row.title = look.title
      row.picture = look.picture
      let entry = ledger.write(&row, by: caller.author, at: now) { _, _ in
        .conversationUpdated(title: look.title ?? "", picture: look.picture)
      }
      ledger.conversations[id] = row
      return (row.told(members: row.members.count, for: caller.id), [entry])
    }
  }

  /// Deletes it.
  public func delete(_ id: ConversationID, by caller: User) async throws(ChatError) -> Made {
    try transaction { (ledger, now) throws(ChatError) in
      var row = try ledger.living(id)
      try ConversationRules.checkDeleting(row.kind, role: row.members[caller.id]?.role)
      row.deleted = true
      let entry = ledger.write(&row, by: caller.author, at: now) { _, _ in .conversationDeleted }
      ledger.conversations[id] = row
      return [entry]
    }
  }
}

extension Ledger {
  /// Adds nothing to what one has whose account has ended.
  func checkAccount(of user: UserID) throws(ChatError) {
    if users[user]?.isGone == true { throw .notFound(.user) }
  }

  /// Lets a user enter one more conversation.
  func checkEntering(_ user: UserID, most: Int) throws(ChatError) {
    try checkAccount(of: user)
    let all = conversationsOfUser[user] ?? []
    // With the self conversation and the deleted ones: nearly always few enough.
    if all.count <= most { return }
    let count = all.count { id in
      conversations[id].map { !$0.deleted && $0.kind != .self } ?? false
    }
    try ConversationRules.checkEntering(count, most: most)
  }
}
