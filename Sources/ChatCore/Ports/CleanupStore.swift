/// What an account that has ended leaves behind, and the parts of taking it away that need a transaction.
///
/// ``UserStore/delete(_:)`` notes the account in the transaction that ends it; the note stands until nothing is left to
/// do, so that any node finds it and goes on where another has died. Each step is one transaction, may be repeated, and
/// takes away only what is there.
public protocol CleanupStore: Sendable {
  /// Accounts that are noted and at which nobody has worked for so long: those first that have been found more seldom,
  /// then the longest. Those that had ended before there were notes count as found ``AccountCleanups/looksMax`` times:
  /// whoever ends his account today does not wait for thousands of years ago. A scatter statement, at most 100.
  func idleCleanups(for span: Milliseconds, limit: Int) async throws(ChatError) -> [UserID]
  /// Says that the caller works at it now; the account with the picture that it had, or nil when there is no such note,
  /// or somebody has worked at it within `span`. Two who ask at once do not both get it, unless `span` is 0. With
  /// another the note has been found once more, which is counted up to ``AccountCleanups/looksMax``.
  func takeCleanup(of user: UserID, idleFor span: Milliseconds) async throws(ChatError) -> User?
  /// What is left of an account that has ended; nil of who has one, and of who never had.
  func endedAccount(_ user: UserID) async throws(ChatError) -> User?
  /// The conversations on the user's list, ascending after `after`: deleted ones too, not the self conversation.
  func conversationsListed(of user: UserID, after: ConversationID?, limit: Int) async throws(ChatError)
    -> [ConversationID]
  /// Takes the user out of a conversation and it off his list, as ``MembershipRules/exit(from:role:owners:members:)``
  /// says: `member.left`, before it `member.changed` of who owns it from now on, if he was the only owner: of the first
  /// 16 by ``MembershipRules/precedes(_:_:)`` the first whose account has not ended, or, if all have, the first of all,
  /// who passes it on. Nothing is told where he stays (direct conversations) or is no member.
  func leave(_ id: ConversationID, user: User) async throws(ChatError) -> Made
  /// Drops rows that only he has read: sessions, and his side of contacts and blocks, at most `limit` of each kind;
  /// false when there were none.
  func dropRows(of user: UserID, limit: Int) async throws(ChatError) -> Bool
  /// Takes the note away; false, and nothing is done, when something is on his lists: whoever was adding him when his
  /// account ended has done so since. From then on he can be added to nothing.
  func finishCleanup(of user: UserID) async throws(ChatError) -> Bool
}
