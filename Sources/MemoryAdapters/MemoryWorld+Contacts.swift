import ChatCore

extension MemoryWorld: ContactStore {
  /// Changes what two users are to each other as the domain's rules decide.
  public func change(
    _ change: ContactChange, by caller: User, to other: User, limit: Int
  ) async throws(ChatError) -> (contact: Contact, made: Made) {
    try transaction { (ledger, now) throws(ChatError) in
      let old = ledger.contactPair(caller.id, other.id)
      if !change.onlyEnds { for user in [caller.id, other.id] { try ledger.checkAccount(of: user) } }
      let counts = [caller.id: ledger.contactCount(of: caller.id), other.id: ledger.contactCount(of: other.id)]
      let new = try ContactRules.outcome(
        of: change, by: caller.id, in: old, counts: counts, limit: limit, at: now)
      ledger.remember(new)
      var made: Made = []
      for (reader, event) in ContactRules.news(from: old, to: new, by: caller, about: other, at: now) {
        made += ledger.tellOwn(reader.id, event, by: caller.author, at: now)
      }
      return (ContactRules.contact(of: caller.id, with: other.author, in: new, at: now), made)
    }
  }

  /// What two users are to each other.
  public func pair(_ one: UserID, _ other: UserID) async throws(ChatError) -> ContactPair {
    try transaction { (ledger, _) throws(ChatError) in ledger.contactPair(one, other) }
  }

  /// The user's contacts of those states, ascending.
  public func contacts(
    of user: UserID, in states: Set<ContactState>, after: UserID?, limit: Int
  ) async throws(ChatError) -> [Contact] {
    try transaction { (ledger, now) throws(ChatError) in
      ledger.contacts(of: user, after: after, limit: limit, at: now) { $0.state.map(states.contains) ?? false }
    }
  }

  /// Those whom the user has blocked, ascending.
  public func blocks(of user: UserID, after: UserID?, limit: Int) async throws(ChatError) -> [Contact] {
    try transaction { (ledger, now) throws(ChatError) in
      ledger.contacts(of: user, after: after, limit: limit, at: now) { $0.block != .none }
    }
  }

  /// Those of the others of whom one of the two has blocked the other.
  public func estranged(_ user: UserID, among others: [UserID]) async throws(ChatError) -> Set<UserID> {
    try transaction { (ledger, _) throws(ChatError) in
      Set(
        others.filter { other in
          ledger.contactPair(user, other).isEstranged
        })
    }
  }

  /// Those of the others whom the user has accepted and who have accepted him.
  public func accepted(_ user: UserID, among others: [UserID]) async throws(ChatError) -> Set<UserID> {
    try transaction { (ledger, _) throws(ChatError) in
      Set(others.filter { ledger.contactPair(user, $0)[user].state == .accepted })
    }
  }
}

extension Ledger {
  func contactPair(_ one: UserID, _ other: UserID) -> ContactPair {
    pairs[Pair(one, other)] ?? ContactPair(one, other)
  }

  /// What the two of a direct conversation are to each other; nil of any other.
  func pair(of row: ConversationRow) -> ContactPair? {
    let members = row.members.keys.sorted()
    guard row.kind == .direct, let low = members.first, let high = members.last else { return nil }
    return contactPair(low, high)
  }

  mutating func remember(_ pair: ContactPair) {
    pairs[Pair(pair.low, pair.high)] = pair
    acquaintances[pair.low, default: []].insert(pair.high)
    acquaintances[pair.high, default: []].insert(pair.low)
  }

  fileprivate func contactCount(of user: UserID) -> Int64 {
    let sides = (acquaintances[user] ?? []).map { contactPair(user, $0)[user] }
    return Int64(sides.count { $0.state != nil || $0.block != .none })
  }

  fileprivate func contacts(
    of user: UserID, after: UserID?, limit: Int, at now: Timestamp, where isWanted: (ContactPair.Side) -> Bool
  ) -> [Contact] {
    let others = (acquaintances[user] ?? []).filter { $0.rawValue > after?.rawValue ?? 0 }.sorted()
    let page = others.filter { isWanted(contactPair(user, $0)[user]) }.prefix(max(0, limit))
    return page.compactMap { other in
      users[other].map {
        ContactRules.contact(of: user, with: $0.user.author, in: contactPair(user, other), at: now)
      }
    }
  }
}
