import ChatCore
import Postgres

/// What accounts that have ended leave behind. A note lies in the bucket of its user; leaving a conversation is a
/// transaction over its bucket and his, as by `PostgresConversations+Changes.swift`.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresCleanup: CleanupStore {
  /// Locks the user's row, so that of two who end an account one does.
  static let picture = Statement(
    "cleanup.picture",
    """
    SELECT u.avatar_url FROM chat_user u
    WHERE u.bucket = $1 AND u.id = $2 AND u.deleted_at IS NULL FOR NO KEY UPDATE
    """)
  static let note = Statement(
    "cleanup.note",
    """
    INSERT INTO account_cleanup (bucket, user_id, tended_at, avatar_url) VALUES ($1, $2, now(), $3)
    ON CONFLICT (bucket, user_id) DO NOTHING
    """)
  static let idle = Statement(
    "cleanup.idle",
    """
    SELECT c.user_id FROM account_cleanup c WHERE c.tended_at <= now() - $1::bigint * interval '1 millisecond'
    ORDER BY c.looks, c.tended_at, c.user_id LIMIT $2
    """, repeatable: true, scatter: .cleanupsIdle)
  /// The same of some buckets, for a Citus of which a node is away.
  static let idleThere = Statement(
    "cleanup.idle_there",
    """
    SELECT c.user_id FROM account_cleanup c
    WHERE c.bucket = ANY($3::smallint[]) AND c.tended_at <= now() - $1::bigint * interval '1 millisecond'
    ORDER BY c.looks, c.tended_at, c.user_id LIMIT $2
    """, repeatable: true, scatter: .cleanupsIdle)
  /// Who has it already is not to be refused for another machine's clock.
  static let take = Statement(
    "cleanup.take",
    """
    UPDATE account_cleanup
    SET tended_at = now(),
      looks = looks + CASE WHEN $3::bigint > 0 AND looks < \(AccountCleanups.looksMax) THEN 1 ELSE 0 END
    WHERE bucket = $1 AND user_id = $2
      AND ($3::bigint = 0 OR tended_at <= now() - $3::bigint * interval '1 millisecond')
    """)
  static let gone = Statement(
    "cleanup.gone",
    """
    SELECT u.id, u.username, u.display_name, u.email, u.own_conversation, u.created_at, c.avatar_url, u.attributes
    FROM account_cleanup c JOIN chat_user u ON u.bucket = c.bucket AND u.id = c.user_id
    WHERE c.bucket = $1 AND c.user_id = $2
    """, repeatable: true)
  static let ended = Statement(
    "cleanup.ended",
    """
    SELECT \(PostgresUsers.columns) FROM chat_user u
    WHERE u.bucket = $1 AND u.id = $2 AND u.deleted_at IS NOT NULL
    """, repeatable: true)
  /// Nobody but the last owner asks, and the whole conversation is looked through once.
  static let successors = Statement(
    "members.successors",
    """
    SELECT m.user_id, m.username FROM member m WHERE m.bucket = $1 AND m.conversation = $2 AND m.user_id <> $3
    ORDER BY m.role = 'admin' DESC, m.joined_seq, m.user_id LIMIT 16
    """)
  static let dropContacts = Statement(
    "cleanup.drop_contacts",
    """
    DELETE FROM contact k WHERE k.bucket = $1 AND k.user_id = $2 AND k.other IN (
      SELECT o.other FROM contact o WHERE o.bucket = $1 AND o.user_id = $2 LIMIT $3)
    """)
  static let left = Statement(
    "cleanup.left",
    """
    SELECT (SELECT count(*) FROM (
        SELECT 1 FROM user_conversation l WHERE l.bucket = $1 AND l.user_id = $2 LIMIT 1) AS listed)
      + (SELECT count(*) FROM (SELECT 1 FROM contact k WHERE k.bucket = $1 AND k.user_id = $2 LIMIT 1) AS known)
    FROM account_cleanup c WHERE c.bucket = $1 AND c.user_id = $2
    """)
  static let finish = Statement(
    "cleanup.finish", "DELETE FROM account_cleanup c WHERE c.bucket = $1 AND c.user_id = $2")

  static let statements = [picture, note, idle, take, gone, ended, successors, dropContacts, left, finish]

  let pool: PostgresPool
  let failure: StoreFailure
  let desk: ScatterDesk

  /// Accounts at which nobody has worked for so long. Of those on a node of a Citus that is away, or silent until the
  /// time is over, nothing is told when others can be: they are found when it is back.
  public func idleCleanups(for span: Milliseconds, limit: Int) async throws(ChatError) -> [UserID] {
    try await failure.translating { () throws(PostgresError) in
      let most = min(max(0, limit), Scatter.cleanupsIdle.most)
      let answers = try await desk.byNode(Array(0..<Bucket.count), in: { $0 }, placesFrom: pool) {
        (buckets) throws(PostgresError) in try await self.idle(for: span, in: buckets, most)
      }
      // In turns, so that none waits for all of another node's.
      let turns = (0..<(answers.map(\.count).max() ?? 0)).flatMap { turn in
        answers.compactMap { $0.dropFirst(turn).first }
      }
      return Array(turns.prefix(most))
    }
  }

  private func idle(for span: Milliseconds, in buckets: [Int16], _ most: Int) async throws(PostgresError) -> [UserID] {
    let page: [Parameter] = [.int8(span), .int8(Int64(most))]
    let isAll = buckets.count == Bucket.count
    let rows = try await desk.rows(isAll ? Self.idle : Self.idleThere, isAll ? page : page + [.int2s(buckets)])
    return try rows.map { (row) throws(PostgresError) in UserID(rawValue: try row.int8(0)) }
  }

  /// Says that the caller works at it now.
  public func takeCleanup(of user: UserID, idleFor span: Milliseconds) async throws(ChatError) -> User? {
    try await failure.translating { () throws(PostgresError) in
      guard try await pool.query(Self.take, PostgresUsers.key(user) + [.int8(span)]).affected == 1 else { return nil }
      return try await pool.query(Self.gone, PostgresUsers.key(user)).first.map(PostgresUsers.user)
    }
  }

  /// What is left of an account that has ended.
  public func endedAccount(_ user: UserID) async throws(ChatError) -> User? {
    try await failure.translating { () throws(PostgresError) in
      try await pool.query(Self.ended, PostgresUsers.key(user)).first.map(PostgresUsers.user)
    }
  }

  /// The conversations on the user's list.
  public func conversationsListed(
    of user: UserID, after: ConversationID?, limit: Int
  ) async throws(ChatError) -> [ConversationID] {
    try await failure.translating { () throws(PostgresError) in
      let page: [Parameter] = [.int8(after?.rawValue ?? 0), .int8(Int64(clamping: max(0, limit)))]
      return try await pool.query(PostgresConversations.listed, PostgresUsers.key(user) + page).map {
        (row) throws(PostgresError) in ConversationID(rawValue: try row.int8(0))
      }
    }
  }

  /// Takes the user out of a conversation and it off his list.
  public func leave(_ id: ConversationID, user: User) async throws(ChatError) -> Made {
    let locks: Set = [id.bucket.number, user.id.bucket.number]
    return try await failure.translating { () throws(PostgresError) in
      try await pool.transaction(locking: locks) { (transaction) throws(PostgresError) in
        let begin = WritePlan.locks([id.bucket, user.id.bucket])
        let standing = PostgresConversations.standing(of: user.id, and: user.id, in: id)
        let answers = try await transaction.all(begin + [(PostgresConversations.standing, standing)])
        guard answers.count == begin.count + 1 else { throw .unexpectedReply("a conversation's situation") }
        var plan = WritePlan(at: try PostgresConversations.moment(answers[begin.count - 1]))
        if let row = answers[begin.count].first {
          try await self.plan(&plan, PostgresConversations.Standing(row), user, in: transaction)
        }
        plan.unlist(id, of: user)
        return try await plan.carryOut(in: transaction)
      }
    }
  }

  private func plan(
    _ plan: inout WritePlan, _ standing: PostgresConversations.Standing, _ user: User,
    in transaction: PostgresTransaction
  ) async throws(PostgresError) {
    let (id, key) = (standing.conversation.id, PostgresConversations.key(standing.conversation.id))
    let owners = try await PostgresConversations.countOwners(standing, isSelf: true, in: transaction)
    let exit = MembershipRules.exit(
      from: standing.conversation.kind, role: standing.subject, owners: owners,
      members: standing.conversation.memberCount)
    if exit == .none { return }
    if exit == .leaveToSuccessor, let next = try await successor(of: user, key, in: transaction) {
      plan.setRole(.owner, of: next, in: id, by: user.author)
    }
    plan.remove(user, from: id, by: user.author)
  }

  /// Who comes first and has an account. Read without the lock of his bucket: if it ends meanwhile it is noted, and he
  /// passes it on when he leaves; one that has ended through a node of before is not, and would own it for ever.
  private func successor(
    of user: User, _ key: [Parameter], in transaction: PostgresTransaction
  ) async throws(PostgresError) -> Author? {
    let next = try await transaction.query(Self.successors, key + [.int8(user.id.rawValue)]).map {
      (row) throws(PostgresError) in Author(id: UserID(rawValue: try row.int8(0)), username: try row.text(1))
    }
    for one in next where try await transaction.query(Self.ended, PostgresUsers.key(one.id)).isEmpty { return one }
    return next.first
  }

  /// Drops rows that only he has read.
  public func dropRows(of user: UserID, limit: Int) async throws(ChatError) -> Bool {
    try await failure.translating { () throws(PostgresError) in
      let most = Parameter.int8(Int64(clamping: max(0, limit)))
      let key = PostgresUsers.key(user)
      let sessions = try await pool.query(PostgresUsers.dropEnded, key + [.int8(0), most]).affected
      return try await pool.query(Self.dropContacts, key + [most]).affected + sessions > 0
    }
  }

  /// Takes the note away, unless he is on a list again; under the lock of his bucket, which whoever adds him has.
  public func finishCleanup(of user: UserID) async throws(ChatError) -> Bool {
    try await failure.translating { () throws(PostgresError) in
      try await pool.transaction(locking: [user.bucket.number]) { (transaction) throws(PostgresError) in
        let key = PostgresUsers.key(user)
        let answers = try await transaction.all(WritePlan.locks([user.bucket]) + [(Self.left, key)])
        // Without a note somebody else has finished.
        if let left = answers.last?.first, try left.int8(0) > 0 { return false }
        _ = try await transaction.query(Self.finish, key)
        return true
      }
    }
  }
}
