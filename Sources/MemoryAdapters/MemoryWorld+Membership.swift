import ChatCore

extension MemoryWorld {
  /// Changes the membership of `subject` as the domain's rules decide.
  public func change(
    _ id: ConversationID, _ change: MembershipChange, of subject: User, by caller: User, limit: Int, most: Int
  ) async throws(ChatError) -> (member: Member?, made: Made?) {
    try transaction { (ledger, now) throws(ChatError) in
      let row = try ledger.living(id)
      let decision = try MembershipRules.decide(
        change,
        in: MembershipRules.Situation(
          kind: row.kind, caller: row.members[caller.id]?.role, subject: row.members[subject.id]?.role,
          isSelf: subject.id == caller.id, memberCount: row.members.count, limit: limit,
          owners: row.members.values.count { $0.role == .owner }))
      if case .join = decision {
        if ledger.contactPair(subject.id, caller.id)[subject.id].block != .none { throw .forbidden(.blocked) }
        try ledger.checkEntering(
          subject.id, most: subject.id == caller.id ? most : ConversationRules.mostByOthers(most))
      }
      return ledger.apply(decision, to: row, subject: subject, caller: caller, at: now)
    }
  }
}

extension Ledger {
  fileprivate mutating func apply(
    _ decision: MembershipRules.Decision, to row: ConversationRow, subject: User, caller: User, at now: Timestamp
  ) -> (member: Member?, made: Made?) {
    var row = row
    switch decision {
    case .nothing:
      return (row.members[subject.id], nil)
    case .join(let role):
      let member = Member(user: subject.id, username: subject.username, role: role)
      row.members[subject.id] = member
      let entry = write(&row, by: caller.author, at: now) { _, _ in .memberJoined(member) }
      row.joinedSeqs[subject.id] = entry.seq
      conversations[row.id] = row
      conversationsOfUser[subject.id, default: []].insert(row.id)
      return (member, [entry] + tellOwn(subject.id, .joined(row.id, seq: entry.seq), by: caller.author, at: now))
    case .leave:
      row.members[subject.id] = nil
      row.joinedSeqs[subject.id] = nil
      let entry = write(&row, by: caller.author, at: now) { _, _ in .memberLeft(subject.author) }
      conversations[row.id] = row
      conversationsOfUser[subject.id]?.remove(row.id)
      return (nil, [entry] + tellOwn(subject.id, .left(row.id, seq: entry.seq), by: caller.author, at: now))
    case .change(let role):
      let entry = setRole(role, of: subject.author, in: &row, by: caller.author, at: now)
      conversations[row.id] = row
      return (row.members[subject.id], [entry])
    case .passOwnership:
      let made = [
        setRole(.owner, of: subject.author, in: &row, by: caller.author, at: now),
        setRole(.admin, of: caller.author, in: &row, by: caller.author, at: now),
      ]
      conversations[row.id] = row
      return (row.members[subject.id], made)
    }
  }

  mutating func setRole(
    _ role: Role, of user: Author, in row: inout ConversationRow, by caller: Author, at now: Timestamp
  ) -> Entry {
    let member = Member(user: user.id, username: user.username, role: role)
    row.members[user.id]?.role = role
    return write(&row, by: caller, at: now) { _, _ in .memberChanged(member) }
  }
}
