import ChatCore
import Postgres

/// Changing conversations: the rules of ChatCore are asked inside the transaction, under the lock of the bucket's log,
/// so that a message is stored either before a change of membership or after it. A change of membership also writes in
/// the subject's bucket (the exception "membership" of reliability.md's rule R4).
extension PostgresConversations {
  static let setRole = Statement(
    "members.set_role",
    "UPDATE member m SET role = $4 WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id = $3")
  /// Two are enough to know that there are more than one.
  static let owners = Statement(
    "members.owners",
    """
    SELECT count(*) FROM (
      SELECT 1 FROM member m WHERE m.bucket = $1 AND m.conversation = $2 AND m.role = 'owner' LIMIT 2) AS o
    """)
  static let removeMember = Statement(
    "members.remove", "DELETE FROM member m WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id = $3")
  static let count = Statement(
    "conversations.count",
    "UPDATE conversation c SET member_count = c.member_count + $3 WHERE c.bucket = $1 AND c.id = $2")
  static let setLook = Statement(
    "conversations.set_look", "UPDATE conversation c SET title = $3, picture = $4 WHERE c.bucket = $1 AND c.id = $2")
  static let setDeleted = Statement(
    "conversations.set_deleted", "UPDATE conversation c SET deleted_at = $3 WHERE c.bucket = $1 AND c.id = $2")

  static let changeStatements = [setRole, owners, removeMember, count, setLook, setDeleted]

  /// Changes the membership of `subject` as the domain's rules decide.
  public func change(
    _ id: ConversationID, _ change: MembershipChange, of subject: User, by caller: User, limit: Int, most: Int
  ) async throws(ChatError) -> (member: Member?, made: Made?) {
    // In the subject's bucket, which is locked: a block is there before this or after it.
    let asked =
      subject.id == caller.id ? [] : [(PostgresContacts.blocks, PostgresContacts.blocking(subject.id, caller.id))]
    let isPut = if case .put = change { true } else { false }
    let also = isPut ? Self.entering([subject], byOwnWish: [caller.id], most: most) + asked : []
    return try await changing(id, caller: caller, subject: subject, asking: also) {
      (standing, moment, answers, transaction) throws(ChatError) in
      let owners = try await failure.translating { () throws(PostgresError) in
        try await Self.countOwners(standing, isSelf: subject.id == caller.id, in: transaction)
      }
      let decision = try MembershipRules.decide(
        change,
        in: MembershipRules.Situation(
          kind: standing.conversation.kind, caller: standing.caller, subject: standing.subject,
          isSelf: subject.id == caller.id, memberCount: standing.conversation.memberCount, limit: limit,
          owners: owners))
      var plan = WritePlan(at: moment)
      let role = plan.apply(decision, to: standing, subject: subject, caller: caller)
      let member = role.map {
        Member(user: subject.id, username: subject.username, role: $0, readSeq: standing.subjectRead)
      }
      if decision == .nothing { return (member, nil) }
      if case .join = decision {
        if answers.dropFirst().contains(where: { $0.first != nil }) { throw .forbidden(.blocked) }
        try checkEntering(answers.prefix(1), of: [subject], byOwnWish: [caller.id], most: most)
      }
      return (member, try await carryOut(plan, in: transaction))
    }
  }

  /// How many own it, as far as it matters: only an owner who goes asks whether he is the only one.
  static func countOwners(
    _ standing: Standing, isSelf: Bool, in transaction: PostgresTransaction
  ) async throws(PostgresError) -> Int {
    guard isSelf, standing.caller == .owner else { return 1 }
    let rows = try await transaction.query(Self.owners, key(standing.conversation.id))
    return try rows.first.map { (row) throws(PostgresError) in Int(clamping: try row.int8(0)) } ?? 1
  }

  /// Changes the title and the picture.
  public func update(
    _ id: ConversationID, title: String?, picture: String??, by caller: User
  ) async throws(ChatError) -> (conversation: Conversation, made: Made?) {
    let (updated, made) = try await changing(id, caller: caller, subject: caller) {
      (standing, moment, _, transaction) throws(ChatError) -> (Conversation, Made?) in
      var conversation = standing.conversation
      try ConversationRules.checkRenaming(conversation.kind, role: standing.caller)
      guard conversation.take(title: title, picture: picture) else { return (conversation, nil) }
      var plan = WritePlan(at: moment)
      plan.add(
        Self.setLook,
        [.int2(id.bucket.number), .int8(id.rawValue), .text(conversation.title), .text(conversation.picture)])
      plan.append(
        .conversationUpdated(title: conversation.title ?? "", picture: conversation.picture), to: id, by: caller.author)
      let made = try await carryOut(plan, in: transaction)
      conversation.head = made.last?.seq ?? conversation.head
      return (conversation, made)
    }
    let shown = try await failure.translating { () throws(PostgresError) in
      try await show([updated], members: membersShown).first
    }
    return (shown ?? updated, made)
  }

  /// Deletes it.
  public func delete(_ id: ConversationID, by caller: User) async throws(ChatError) -> Made {
    try await changing(id, caller: caller, subject: caller) { (standing, moment, _, transaction) throws(ChatError) in
      try ConversationRules.checkDeleting(standing.conversation.kind, role: standing.caller)
      var plan = WritePlan(at: moment)
      plan.add(Self.setDeleted, [.int2(id.bucket.number), .int8(id.rawValue), .time(moment.milliseconds)])
      plan.append(.conversationDeleted, to: id, by: caller.author)
      plan.unlist(id, of: caller)
      return try await carryOut(plan, in: transaction)
    }
  }

  /// Runs `body` with the buckets of the conversation and the subject locked, and with what `also` answered; what it
  /// throws undoes everything.
  private func changing<Value>(
    _ id: ConversationID, caller: User, subject: User,
    asking also: [(statement: Statement, parameters: [Parameter])] = [],
    _ body: (Standing, Timestamp, ArraySlice<Rows>, PostgresTransaction) async throws(ChatError) -> Value
  ) async throws(ChatError) -> Value {
    let locks: Set = [id.bucket.number, subject.id.bucket.number]
    return try await pool.transaction(locking: locks, failing: { failure($0) }) { (transaction) throws(ChatError) in
      let (standing, moment, answers) = try await failure.translating {
        () throws(PostgresError) -> (Standing?, Timestamp, ArraySlice<Rows>) in
        let begin =
          WritePlan.locks([id.bucket, subject.id.bucket])
          + [(Self.standing, Self.standing(of: caller.id, and: subject.id, in: id))]
        let answers = try await transaction.all(begin + also)
        let own = answers.prefix(begin.count)
        return (
          try own.last?.first.map { (row) throws(PostgresError) in try Standing(row) },
          try Self.moment(own.dropLast().last), answers.dropFirst(begin.count)
        )
      }
      guard let standing else { throw .notFound(.conversation) }
      return try await body(standing, moment, answers, transaction)
    }
  }

  private func carryOut(_ plan: WritePlan, in transaction: PostgresTransaction) async throws(ChatError) -> Made {
    try await failure.translating { () throws(PostgresError) in try await plan.carryOut(in: transaction) }
  }
}

extension WritePlan {
  /// Plans what a decision means; gives the subject's role afterwards.
  fileprivate mutating func apply(
    _ decision: MembershipRules.Decision, to standing: PostgresConversations.Standing, subject: User, caller: User
  ) -> Role? {
    let conversation = standing.conversation.id
    let next = standing.conversation.head &+ 1
    switch decision {
    case .nothing:
      return standing.subject
    case .join(let role):
      let member = Member(user: subject.id, username: subject.username, role: role)
      add([member], to: conversation, joinedSeq: next)
      addToCount(1, of: conversation)
      append(.memberJoined(member), to: conversation, by: caller.author)
      tellJoined(subject, conversation, seq: next, by: caller.author)
      return role
    case .leave:
      remove(subject, from: conversation, by: caller.author)
      unlist(conversation, of: subject)
      append(.left(conversation, seq: next), to: subject.ownConversation, by: caller.author)
      return nil
    case .change(let role):
      setRole(role, of: subject.author, in: conversation, by: caller.author)
      return role
    case .passOwnership:
      setRole(.owner, of: subject.author, in: conversation, by: caller.author)
      setRole(.admin, of: caller.author, in: conversation, by: caller.author)
      return .owner
    }
  }

  /// Takes a member out and tells those who stay.
  mutating func remove(_ member: User, from conversation: ConversationID, by author: Author) {
    add(PostgresConversations.removeMember, key(member.id, in: conversation))
    addToCount(-1, of: conversation)
    append(.memberLeft(member.author), to: conversation, by: author)
  }

  mutating func unlist(_ conversation: ConversationID, of user: User) {
    add(
      PostgresConversations.unlist,
      [.int2(user.id.bucket.number), .int8(user.id.rawValue), .int8s([conversation.rawValue])])
  }

  mutating func setRole(_ role: Role, of user: Author, in conversation: ConversationID, by author: Author) {
    add(PostgresConversations.setRole, key(user.id, in: conversation) + [.text(role.rawValue)])
    append(
      .memberChanged(Member(user: user.id, username: user.username, role: role)), to: conversation, by: author)
  }

  private mutating func addToCount(_ change: Int64, of conversation: ConversationID) {
    add(PostgresConversations.count, PostgresConversations.key(conversation) + [.int8(change)])
  }

  private func key(_ user: UserID, in conversation: ConversationID) -> [Parameter] {
    PostgresConversations.key(conversation) + [.int8(user.rawValue)]
  }
}
