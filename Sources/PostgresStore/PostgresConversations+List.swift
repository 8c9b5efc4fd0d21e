import ChatCore
import IORuntime
import Postgres

/// The list of a user's conversations, which is bounded: whoever is to enter one more is counted in the transaction
/// that would enter him, under the lock of his bucket.
extension PostgresConversations {
  /// At most as many as matter.
  static let countListed = Statement(
    "conversations.count_listed",
    """
    SELECT count(*) FROM (
      SELECT 1 FROM user_conversation l WHERE l.bucket = $1 AND l.user_id = $2 LIMIT $3) AS listed
    """)
  static let unlist = Statement(
    "conversations.unlist",
    "DELETE FROM user_conversation l WHERE l.bucket = $1 AND l.user_id = $2 AND l.conversation = ANY ($3::bigint[])",
    repeatable: true)

  static let listStatements = [countListed, unlist]

  /// What is asked before users enter a conversation; ``checkEntering(_:of:byOwnWish:most:)`` takes the answers.
  static func entering(_ users: [User], most: Int) -> [(statement: Statement, parameters: [Parameter])] {
    users.map { user in
      (countListed, [.int2(user.id.bucket.number), .int8(user.id.rawValue), .int8(Int64(most))])
    }
  }

  /// - Parameter byOwnWish: who enters by himself; others fill ``ConversationRules/mostByOthers(_:)`` of a list.
  /// - Throws: `.conflict(.conversationsFull)`.
  func checkEntering(
    _ answers: ArraySlice<Rows>, of users: [User], byOwnWish: [UserID], most: Int
  ) throws(ChatError) {
    for (user, answer) in zip(users, answers) {
      let count = try failure.reading { () throws(PostgresError) in
        try answer.first.map { (row) throws(PostgresError) in try row.int8(0) } ?? 0
      }
      let allowed = byOwnWish.contains(user.id) ? most : ConversationRules.mostByOthers(most)
      try ConversationRules.checkEntering(Int(clamping: count), most: allowed)
    }
  }
}

/// Takes deleted conversations off the lists of those who come and find them there: of one that is deleted there are as
/// many rows as it had members, in as many buckets.
///
/// - Limits: one user at a time, ``most`` of his; who comes meanwhile finds his the next time. When everybody comes at
///   once, that is nobody's hurry.
/// - Isolation: the loop of its pool.
final class ListSweep: @unchecked Sendable {
  /// Some 5 ms of PostgreSQL.
  static let most = 1_000

  private var isBusy = false

  /// Never fails: what stays is found again.
  func unlist(_ deleted: [ConversationID], of user: UserID, in pool: PostgresPool) async {
    guard !deleted.isEmpty, !isBusy else { return }
    isBusy = true
    let ids = deleted.map(\.rawValue).sorted().prefix(Self.most)
    _ = try? await pool.query(
      PostgresConversations.unlist, [.int2(user.bucket.number), .int8(user.rawValue), .int8s(Array(ids))])
    isBusy = false
  }
}
