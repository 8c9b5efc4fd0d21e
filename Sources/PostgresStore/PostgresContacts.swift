import ChatCore
import Postgres

/// Contacts and blocks in PostgreSQL. A change is a transaction over the bucket of the pair and those of the two users
/// (the exception "contacts" of reliability.md's rule R4); all three are locked first, in ascending order.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct PostgresContacts: ContactStore {
  static let pair = Statement(
    "contacts.pair",
    "SELECT \(ContactRows.columns) FROM contact_pair p WHERE p.bucket = $1 AND p.low = $2 AND p.high = $3",
    brief: true)
  static let pairs = Statement(
    "contacts.pairs",
    """
    SELECT \(ContactRows.columns)
    FROM unnest($1::smallint[]::bigint[], $2::bigint[], $3::bigint[]) AS asked (bucket, low, high)
      JOIN contact_pair p ON p.bucket = asked.bucket::smallint AND p.low = asked.low AND p.high = asked.high
    """, repeatable: true, scatter: .contactPairs)
  static let put = Statement("contacts.put_pair", ContactRows.put)
  /// How many a user has, counted no further than asked; and whether his account is there still.
  static let count = Statement(
    "contacts.count",
    """
    SELECT count(*), (SELECT u.id FROM chat_user u WHERE u.bucket = $1 AND u.id = $2 AND u.deleted_at IS NULL) FROM (
      SELECT 1 FROM contact k WHERE k.bucket = $1 AND k.user_id = $2 AND (k.state IS NOT NULL OR k.blocks) LIMIT $3) few
    """)
  static let list = Statement(
    "contacts.list",
    """
    INSERT INTO contact (bucket, user_id, other, other_name, state, blocks, blocked_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (bucket, user_id, other) DO UPDATE SET other_name = excluded.other_name, state = excluded.state,
      blocks = excluded.blocks, blocked_by = excluded.blocked_by
    """)
  static let unlist = Statement(
    "contacts.unlist", "DELETE FROM contact k WHERE k.bucket = $1 AND k.user_id = $2 AND k.other = $3")
  static let page = Statement(
    "contacts.page",
    """
    SELECT k.other, k.other_name, date_trunc('milliseconds', clock_timestamp()) FROM contact k
    WHERE k.bucket = $1 AND k.user_id = $2 AND k.other > $3 AND k.state = ANY ($4) ORDER BY k.other LIMIT $5
    """, repeatable: true)
  static let blocked = Statement(
    "contacts.blocked",
    """
    SELECT k.other, k.other_name, date_trunc('milliseconds', clock_timestamp()) FROM contact k
    WHERE k.bucket = $1 AND k.user_id = $2 AND k.other > $3 AND k.blocks ORDER BY k.other LIMIT $4
    """, repeatable: true)
  static let estranged = Statement(
    "contacts.estranged",
    """
    SELECT k.other FROM contact k
    WHERE k.bucket = $1 AND k.user_id = $2 AND k.other = ANY ($3) AND (k.blocks OR k.blocked_by)
    """, repeatable: true)
  static let accepted = Statement(
    "contacts.accepted",
    """
    SELECT k.other FROM contact k
    WHERE k.bucket = $1 AND k.user_id = $2 AND k.other = ANY ($3) AND k.state = 'accepted'
    """, repeatable: true)
  /// Whether a user has blocked another, asked in the user's own bucket.
  static let blocks = Statement(
    "contacts.blocks",
    "SELECT k.blocks FROM contact k WHERE k.bucket = $1 AND k.user_id = $2 AND k.other = $3 AND k.blocks")

  static let statements = [pair, pairs, put, count, list, unlist, page, blocked, estranged, accepted, blocks]

  let pool: PostgresPool
  let failure: StoreFailure
  let desk: ScatterDesk

  /// Changes what two users are to each other as the domain's rules decide.
  public func change(
    _ change: ContactChange, by caller: User, to other: User, limit: Int
  ) async throws(ChatError) -> (contact: Contact, made: Made) {
    let key = ContactPair(caller.id, other.id)
    let locks = Set([key.bucket.number, caller.id.bucket.number, other.id.bucket.number])
    return try await pool.transaction(locking: locks, failing: { failure($0) }) { (transaction) throws(ChatError) in
      let (old, counts, moment) = try await failure.translating { () throws(PostgresError) in
        try await Self.situation(of: key, caller, other, limit: limit, in: transaction)
      }
      guard change.onlyEnds || counts.count == 2 else { throw .notFound(.user) }
      let new = try ContactRules.outcome(
        of: change, by: caller.id, in: old, counts: counts, limit: limit, at: moment)
      let made = try await failure.translating { () throws(PostgresError) in
        try await Self.store(
          new, instead: old, by: caller, about: other, at: moment, lists: Set(counts.keys), in: transaction)
      }
      return (ContactRules.contact(of: caller.id, with: other.author, in: new, at: moment), made)
    }
  }

  /// What ``blocks`` asks.
  static func blocking(_ user: UserID, _ other: UserID) -> [Parameter] {
    [.int2(user.bucket.number), .int8(user.rawValue), .int8(other.rawValue)]
  }

  /// - Returns: a count of each whose account has not ended.
  private static func situation(
    of key: ContactPair, _ caller: User, _ other: User, limit: Int, in transaction: PostgresTransaction
  ) async throws(PostgresError) -> (ContactPair, counts: [UserID: Int64], Timestamp) {
    let users = [caller, other]
    let counting = users.map { user in
      (Self.count, [Parameter.int2(user.id.bucket.number), .int8(user.id.rawValue), .int8(Int64(limit) * 2)])
    }
    let locks = WritePlan.locks([key.bucket] + users.map(\.id.bucket))
    let answers = try await transaction.all(locks + [(Self.pair, ContactRows.key(key))] + counting)
    guard answers.count == locks.count + 3 else { throw .unexpectedReply("a contact's situation") }
    let moment = try PostgresConversations.moment(answers[locks.count - 1])
    let pair = try answers[locks.count].first.map { (row) throws(PostgresError) in try ContactRows.pair(row) }
    var counts: [UserID: Int64] = [:]
    for (index, user) in users.enumerated() {
      guard let row = answers[locks.count + 1 + index].first, try row.optionalInt8(1) != nil else { continue }
      counts[user.id] = try row.int8(0)
    }
    return (pair ?? key, counts, moment)
  }

  /// - Parameter lists: those who have a list of contacts: who has gone has none.
  private static func store(
    _ new: ContactPair, instead old: ContactPair, by caller: User, about other: User, at moment: Timestamp,
    lists: Set<UserID>, in transaction: PostgresTransaction
  ) async throws(PostgresError) -> Made {
    guard new != old else { return [] }
    var plan = WritePlan(at: moment)
    plan.add(Self.put, ContactRows.parameters(of: new))
    for (owner, subject) in [(caller, other), (other, caller)] where lists.contains(owner.id) {
      plan.list(subject, of: owner, in: new)
    }
    for (reader, event) in ContactRules.news(from: old, to: new, by: caller, about: other, at: moment) {
      plan.append(event, to: reader.ownConversation, by: caller.author)
    }
    return try await plan.carryOut(in: transaction)
  }
}

extension PostgresContacts {
  /// What two users are to each other.
  public func pair(_ one: UserID, _ other: UserID) async throws(ChatError) -> ContactPair {
    let key = ContactPair(one, other)
    return try await failure.translating { () throws(PostgresError) in
      guard let row = try await pool.query(Self.pair, ContactRows.key(key)).first else { return key }
      return try ContactRows.pair(row)
    }
  }

  /// The user's contacts of those states, ascending.
  public func contacts(
    of user: UserID, in states: Set<ContactState>, after: UserID?, limit: Int
  ) async throws(ChatError) -> [Contact] {
    try await failure.translating { () throws(PostgresError) in
      let words = states.map(\.rawValue).sorted()
      return try await show(Self.page, Self.listing(of: user, after) + [.texts(words), .int8(Int64(limit))], of: user)
    }
  }

  /// Those whom the user has blocked, ascending.
  public func blocks(of user: UserID, after: UserID?, limit: Int) async throws(ChatError) -> [Contact] {
    try await failure.translating { () throws(PostgresError) in
      try await show(Self.blocked, Self.listing(of: user, after) + [.int8(Int64(limit))], of: user)
    }
  }

  /// Those of the others of whom one of the two has blocked the other.
  public func estranged(_ user: UserID, among others: [UserID]) async throws(ChatError) -> Set<UserID> {
    try await those(Self.estranged, of: user, among: others)
  }

  /// Those of the others whom the user has accepted and who have accepted him.
  public func accepted(_ user: UserID, among others: [UserID]) async throws(ChatError) -> Set<UserID> {
    try await those(Self.accepted, of: user, among: others)
  }

  private func those(
    _ statement: Statement, of user: UserID, among others: [UserID]
  ) async throws(ChatError) -> Set<UserID> {
    guard !others.isEmpty else { return [] }
    return try await failure.translating { () throws(PostgresError) in
      let rows = try await pool.query(
        statement,
        [.int2(user.bucket.number), .int8(user.rawValue), .int8s(others.map(\.rawValue))])
      return Set(try rows.map { (row) throws(PostgresError) in UserID(rawValue: try row.int8(0)) })
    }
  }

  private static func listing(of user: UserID, _ after: UserID?) -> [Parameter] {
    [.int2(user.bucket.number), .int8(user.rawValue), .int8(after?.rawValue ?? 0)]
  }

  /// A page of the user's own bucket with what the rows of the pairs say now.
  private func show(
    _ statement: Statement, _ parameters: [Parameter], of user: UserID
  ) async throws(PostgresError) -> [Contact] {
    let rows = try await pool.query(statement, parameters)
    guard let now = try rows.first.map({ (row) throws(PostgresError) in Timestamp(milliseconds: try row.time(2)) })
    else { return [] }
    let others = try rows.map { (row) throws(PostgresError) in
      Author(id: UserID(rawValue: try row.int8(0)), username: try row.text(1))
    }
    var pairs: [UserID: ContactPair] = [:]
    for part in others.map({ ContactPair(user, $0.id) }).parts(of: Scatter.contactPairs.most) {
      let rows = try await desk.rows(
        Self.pairs,
        [
          .int2s(part.map(\.bucket.number)), .int8s(part.map(\.low.rawValue)), .int8s(part.map(\.high.rawValue)),
        ])
      for row in rows {
        let pair = try ContactRows.pair(row)
        pairs[pair.other(than: user)] = pair
      }
    }
    return others.compactMap { other in
      pairs[other.id].map { ContactRules.contact(of: user, with: other, in: $0, at: now) }
    }
  }
}

extension WritePlan {
  /// Copies what a pair says into the bucket of one of the two.
  fileprivate mutating func list(_ subject: User, of owner: User, in pair: ContactPair) {
    let key: [Parameter] = [.int2(owner.id.bucket.number), .int8(owner.id.rawValue), .int8(subject.id.rawValue)]
    let (state, blocks) = (pair[owner.id].state, pair[owner.id].block != .none)
    let blockedBy = pair[subject.id].block != .none
    guard state != nil || blocks || blockedBy else { return add(PostgresContacts.unlist, key) }
    add(
      PostgresContacts.list,
      key + [.text(subject.username), .text(state?.rawValue), .bool(blocks), .bool(blockedBy)])
  }
}
