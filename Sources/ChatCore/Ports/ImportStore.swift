/// Takes over what another system has remembered. Each method may be repeated: what is there already stays as it is.
///
/// Nothing is published: connected clients hear of it by the comparison of counters, some seconds later.
public protocol ImportStore: Sendable {
  /// Who has the name with that key, unless he is gone.
  func holder(ofUsernameKey key: String) async throws(ChatError) -> User?
  /// Those of the ids that exist; at most ``Limits/membersPerRequestMax``.
  func users(_ ids: [UserID]) async throws(ChatError) -> [User]
  /// What is left of an account that has ended; nil of any other.
  func endedAccount(_ id: UserID) async throws(ChatError) -> User?
  /// Makes an account with his self conversation, as ``UserStore/register(_:)`` does, under the given id.
  ///
  /// - Throws: `.conflict(.usernameTaken)`, also where the account is there or has been deleted.
  func register(_ user: PastUser) async throws(ChatError) -> User
  /// Makes two what they were (``ContactChange/restore(_:isBlocked:since:)``), as ``ContactStore`` does.
  ///
  /// - Throws: `.notFound(.user)` when the account of one of them has ended.
  func restore(
    _ state: ContactState?, isBlocked: Bool, since: Timestamp?, of user: User, to other: User, limit: Int
  ) async throws(ChatError)
  /// The direct conversation of two, made at that moment when there is none, whoever has blocked whom.
  ///
  /// - Throws: where it is to be made, `.notFound(.user)` when the account of one of them has ended, also since he was
  ///   looked up, and `.conflict(.conversationsFull)` when one of them has `most` conversations.
  func openDirect(
    _ one: User, _ other: User, at moment: Timestamp, most: Int
  ) async throws(ChatError) -> ConversationID
  /// Makes a group under the given id; false when it is there, were it deleted since.
  ///
  /// - Throws: `.conflict(.idempotency)` when what is there was made by another or at another moment; where it is to be
  ///   made, as ``openDirect(_:_:at:most:)``.
  func create(_ group: PastGroup, most: Int) async throws(ChatError) -> Bool
  /// Puts messages at the end of their conversations, in that order, each transaction's worth at once: asks neither
  /// for membership nor for blocks, since that was done when they were written.
  ///
  /// No two of them have the same conversation, sender and client id.
  func append(_ messages: [PastMessage]) async throws(ChatError) -> [PastOutcome]
}
