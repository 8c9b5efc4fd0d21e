/// Tells the other members that the caller is writing; nothing of it is stored, and it may be lost.
///
/// - Limits: once a second for each user and conversation, more is dropped without a word; in conversations of more
///   than ``Limits/signalMembersMax`` members nobody is told.
/// - Throws: `.notFound(.conversation)`; `.forbidden(.notAMember)`, `.forbidden(.blocked)`; `.timedOut`.
public struct Typing: Command {
  /// Where.
  public let conversation: ConversationID

  /// Names it.
  public init(conversation: ConversationID) { self.conversation = conversation }

  /// Checks, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    // First, so that what is dropped costs the database nothing.
    guard await chat.isInTime(Pace.typing, caller.user, conversation) else { return }
    guard let member = try await chat.signaller(caller, in: conversation) else { return }
    chat.publisher.announce(.typing(conversation, Author(id: caller.user, username: member.username)))
  }
}

/// Whether the caller may tell the other members of a conversation what is not stored: false in a crowd.
///
/// - Throws: `.notFound(.conversation)`; `.forbidden(.notAMember)`, `.forbidden(.wrongKind)`, `.forbidden(.blocked)`;
///   `.timedOut`.
public struct MaySignal: Command {
  /// Where.
  public let conversation: ConversationID

  /// Names it.
  public init(conversation: ConversationID) { self.conversation = conversation }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Bool {
    try await chat.signaller(caller, in: conversation) != nil
  }
}

extension Chat {
  /// The membership by which the caller may tell the others what is not stored; nil in a crowd.
  fileprivate func signaller(_ caller: Caller, in id: ConversationID) async throws(ChatError) -> Member? {
    let (standing, member) = try await membership(of: caller, in: id)
    if let pair = standing.pair { try ContactRules.checkSaying(pair, by: caller.user, at: clock.now) }
    return standing.memberCount <= limits.signalMembersMax ? member : nil
  }
}
