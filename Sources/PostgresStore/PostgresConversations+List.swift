import ChatCore
import Postgres
import Synchronization

/// The list of a user's conversations, which is bounded: whoever is to enter one more is counted in the transaction
/// that would enter him, under the lock of his bucket.
extension PostgresConversations {
  /// At most as many as matter; and whether the account is there still, since whoever adds has looked before the lock.
  static let countListed = Statement(
    "conversations.count_listed",
    """
    SELECT count(*), (SELECT u.id FROM chat_user u WHERE u.bucket = $1 AND u.id = $2 AND u.deleted_at IS NULL) FROM (
      SELECT 1 FROM user_conversation l WHERE l.bucket = $1 AND l.user_id = $2 LIMIT $3) AS listed
    """)
  static let unlist = Statement(
    "conversations.unlist",
    "DELETE FROM user_conversation l WHERE l.bucket = $1 AND l.user_id = $2 AND l.conversation = ANY ($3::bigint[])",
    repeatable: true)

  static let listStatements = [countListed, unlist]

  /// What is asked before users enter a conversation; ``checkEntering(_:of:byOwnWish:most:)`` takes the answers.
  static func entering(
    _ users: [User], byOwnWish: [UserID], most: Int
  ) -> [(statement: Statement, parameters: [Parameter])] {
    users.map { user in
      let allowed = Int64(allowed(user, byOwnWish, most))
      return (countListed, [.int2(user.id.bucket.number), .int8(user.id.rawValue), .int8(allowed)])
    }
  }

  private static func allowed(_ user: User, _ byOwnWish: [UserID], _ most: Int) -> Int {
    byOwnWish.contains(user.id) ? most : ConversationRules.mostByOthers(most)
  }

  /// - Parameter byOwnWish: who enters by himself; others fill ``ConversationRules/mostByOthers(_:)`` of a list.
  /// - Throws: `.conflict(.conversationsFull)`, `.notFound(.user)`.
  func checkEntering(
    _ answers: ArraySlice<Rows>, of users: [User], byOwnWish: [UserID], most: Int
  ) throws(ChatError) {
    for (user, answer) in zip(users, answers) {
      let (count, account) = try failure.reading { () throws(PostgresError) -> (Int64, Int64?) in
        guard let row = answer.first else { return (0, nil) }
        return (try row.int8(0), try row.optionalInt8(1))
      }
      guard account != nil else { throw .notFound(.user) }
      try ConversationRules.checkEntering(Int(clamping: count), most: Self.allowed(user, byOwnWish, most))
    }
  }

  /// Takes deleted conversations off a user's list, where they are counted; never fails.
  func unlist(_ deleted: [ConversationID], of user: UserID) async {
    await sweep.run(deleted.map(\.rawValue)) { ids in
      // What a read waits for: less than anybody notices, and what stays is found again.
      _ = try? await pool.query(
        Self.unlist, [.int2(user.bucket.number), .int8(user.rawValue), .int8s(ids)], timeout: 500)
    }
  }

  /// The same with those of some that are deleted: on a Citus one that is not there may be one that is yet to come.
  func unlistDeleted(among missing: Set<ConversationID>, of user: UserID) async {
    guard !missing.isEmpty, !sweep.isBusy else { return }
    let asked = missing.sorted().map { ScatterID(bucket: $0.bucket.number, id: $0.rawValue) }
    guard let rows = try? await desk.rows(Self.livingHeads, of: asked),
      let deleted = try? rows.filter({ (row) throws(PostgresError) in try row.value.optionalInt8(1) == nil })
    else { return }
    await unlist(deleted.keys.map(ConversationID.init(rawValue:)), of: user)
  }
}

/// Takes deleted conversations off the lists of those who come and find them there: of one that is deleted there are as
/// many rows as it had members, in as many buckets.
///
/// - Limits: one user at a time, ``most`` of his; who comes meanwhile finds his the next time. When everybody comes at
///   once, that is nobody's hurry.
final class ListSweep: Sendable {
  /// Some 5 ms of PostgreSQL.
  static let most = 1_000

  private let state = Atomic(false)

  /// Whether somebody's are being taken off.
  var isBusy: Bool { state.load(ordering: .relaxed) }

  func run(_ ids: [Int64], _ body: ([Int64]) async -> Void) async {
    guard !ids.isEmpty, !state.exchange(true, ordering: .acquiringAndReleasing) else { return }
    await body(Array(ids.sorted().prefix(Self.most)))
    state.store(false, ordering: .releasing)
  }
}
