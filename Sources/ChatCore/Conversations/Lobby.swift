/// The public conversation that is always there, the first thing that a store holds.
///
/// Nobody's account owns it, so that nobody can rename or delete it; who enters it becomes a plain member. Its number
/// is far above those that the stores give out.
public enum Lobby {
  /// Its id, in bucket 0.
  public static let id = ConversationID(rawValue: 9_007_199_254_736_896)
  /// Its title.
  public static let title = "Lobby"
  /// Who has made it, and owns it: a name without an account.
  public static let host = Author(id: UserID(rawValue: 9_007_199_254_736_896), username: "martlet")
}

/// Makes the caller a member of the ``Lobby`` if he is none, and says no more; for doors where everybody enters.
///
/// - Throws: `.conflict(.conversationFull)` past ``Limits/publicMembersMax``, `.conflict(.conversationsFull)` past
///   ``Limits/conversationsPerUserMax``; `.unauthenticated(.sessionEnded)`.
public struct JoinLobby: Command {
  /// Asks nothing more.
  public init() {}

  /// Looks whether he is in, joins, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    // Whoever connects enters; those who are in already must not take the lock of everybody's log.
    let before = UserID(rawValue: caller.user.rawValue - 1)
    let found = try await chat.conversations.members(of: Lobby.id, after: before, limit: 1)
    guard found.first?.user != caller.user else { return }
    _ = try await PutMember(conversation: Lobby.id, user: caller.user).run(in: chat, as: caller)
  }
}
