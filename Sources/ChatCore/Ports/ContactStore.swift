/// Remembers what users are to each other.
///
/// The row that decides lies in the bucket of the pair, where the direct conversation looks at it when a message is
/// stored; each of the two has a row in his own bucket too, by which his contacts are listed. A change locks all three
/// buckets, in ascending order, so that rules hold the instant they change.
public protocol ContactStore: Sendable {
  /// Changes what two different users are to each other as ``ContactRules`` decide inside the transaction.
  ///
  /// `made` holds `contact.changed` and `block.changed` in the self logs of those whose view changed.
  ///
  /// - Parameter limit: how many contacts each of the two may have; blocking counts to twice that.
  /// - Throws: as the rules, and `.conflict(.contactsFull)`; a ``ContactChange/meet`` beyond the limit does nothing.
  ///   `.notFound(.user)` when the account of one of the two has ended, but for ``ContactChange/onlyEnds``.
  func change(_ change: ContactChange, by caller: User, to other: User, limit: Int) async throws(ChatError)
    -> (contact: Contact, made: Made)
  /// What two users are to each other; two strangers when nothing is remembered.
  func pair(_ one: UserID, _ other: UserID) async throws(ChatError) -> ContactPair
  /// The user's contacts of those states, ascending by user id after `after`.
  func contacts(of user: UserID, in states: Set<ContactState>, after: UserID?, limit: Int) async throws(ChatError)
    -> [Contact]
  /// Those whom the user has blocked, ascending by user id after `after`.
  func blocks(of user: UserID, after: UserID?, limit: Int) async throws(ChatError) -> [Contact]
  /// Those of the others of whom the user is to hear nothing, nor they of him: one of the two has blocked the other.
  func estranged(_ user: UserID, among others: [UserID]) async throws(ChatError) -> Set<UserID>
  /// Those of the others whom the user has accepted and who have accepted him.
  func accepted(_ user: UserID, among others: [UserID]) async throws(ChatError) -> Set<UserID>
}
