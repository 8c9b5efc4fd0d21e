import ChatCore

extension MemoryWorld: ImportStore {
  /// Who has the name with that key.
  public func holder(ofUsernameKey key: String) async throws(ChatError) -> User? {
    try await credentials(ofUsernameKey: key)?.user
  }

  /// Makes an account under the given id.
  public func register(_ past: PastUser) async throws(ChatError) -> User {
    try transaction { (ledger, now) throws(ChatError) in
      guard ledger.userByKey[past.username.key] == nil else { throw .conflict(.usernameTaken) }
      let moment = past.createdAt ?? now
      let author = Author(id: past.id, username: past.username.text)
      let owner = Member(user: past.id, username: past.username.text, role: .owner)
      let (own, _) = ledger.makeConversation(
        .self, in: past.id.bucket, title: nil, members: [owner], by: author, at: moment)
      let user = User(
        id: past.id, username: past.username.text, displayName: past.displayName, email: past.email,
        createdAt: moment, ownConversation: own.id, avatarURL: past.avatarURL, attributes: past.attributes)
      ledger.users[past.id] = Ledger.UserRow(user: user, key: past.username.key, passwordHash: past.passwordHash)
      ledger.userByKey[past.username.key] = past.id
      return user
    }
  }

  /// Makes two what they were.
  public func restore(
    _ state: ContactState?, isBlocked: Bool, since: Timestamp?, of user: User, to other: User, limit: Int
  ) async throws(ChatError) {
    _ = try await change(
      .restore(state, isBlocked: isBlocked, since: since), by: user, to: other, limit: limit)
  }

  /// The direct conversation of two, made at that moment.
  public func openDirect(
    _ one: User, _ other: User, at moment: Timestamp, most: Int
  ) async throws(ChatError) -> ConversationID {
    try transaction { (ledger, _) throws(ChatError) in
      let pair = Ledger.Pair(one.id, other.id)
      if let id = ledger.directs[pair] { return id }
      for user in [one, other] { try ledger.checkEntering(user.id, most: most) }
      let members = [one, other].map { Member(user: $0.id, username: $0.username, role: .member) }
      let (row, _) = ledger.makeConversation(
        .direct, in: Bucket(ofPair: one.id, other.id), title: nil, members: members, by: one.author, at: moment)
      ledger.directs[pair] = row.id
      return row.id
    }
  }

  /// Makes a group under the given id.
  public func create(_ group: PastGroup, most: Int) async throws(ChatError) -> Bool {
    try transaction { (ledger, _) throws(ChatError) in
      if let row = ledger.conversations[group.id] {
        let author = ledger.logs[row.id]?.first?.author.id
        guard row.createdAt == group.createdAt, author == group.owner.id else { throw .conflict(.idempotency) }
        return false
      }
      for member in group.memberships { try ledger.checkEntering(member.user, most: most) }
      _ = ledger.make(
        group.id, .group, title: group.title, picture: group.picture, members: group.memberships,
        by: group.owner.author, at: group.createdAt)
      return true
    }
  }

  /// Puts messages at the end of their conversations.
  public func append(_ messages: [PastMessage]) async throws(ChatError) -> [PastOutcome] {
    try transaction { (ledger, _) throws(ChatError) in
      var outcomes: [PastOutcome] = []
      for message in messages { outcomes.append(ledger.append(message, after: outcomes)) }
      return outcomes
    }
  }
}

extension Ledger {
  fileprivate mutating func append(_ past: PastMessage, after outcomes: [PastOutcome]) -> PastOutcome {
    guard var row = conversations[past.conversation], !row.deleted else { return .unknownConversation }
    let key = SendKey(
      conversation: row.id, sender: past.sender.id, clientMessageID: Array(past.clientMessageID.utf8))
    if let id = sent[key], let old = message(id, in: row.id) {
      let isChanged = old.editedAt != nil || old.deletedAt != nil
      let isSame = old.type == past.type && old.text.utf8.elementsEqual(past.text.utf8)
      return isChanged || isSame ? .stored(id, isNew: false) : .conflict
    }
    let reply = past.reply.flatMap { $0.entry(after: outcomes) }
    let entry = write(&row, by: past.sender, at: past.createdAt) { id, seq in
      .messageCreated(
        Message(
          id: id, conversation: past.conversation, seq: seq, sender: past.sender, type: past.type, text: past.text,
          clientMessageID: past.clientMessageID, replyTo: reply, createdAt: past.createdAt, editedAt: past.editedAt))
    }
    conversations[row.id] = row
    sent[key] = entry.id
    return .stored(entry.id, isNew: true)
  }
}

extension PastMessage.Reply {
  fileprivate func entry(after outcomes: [PastOutcome]) -> EntryID? {
    switch self {
    case .stored(let id): id
    case .among(let place):
      if outcomes.indices.contains(place), case .stored(let id, _) = outcomes[place] { id } else { nil }
    }
  }
}
