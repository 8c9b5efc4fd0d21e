/// Takes a member out of a conversation; the caller himself too (leaving).
///
/// - Throws: `.notFound(.conversation)`, `.notFound(.member)`, and as ``MembershipRules`` say.
public struct RemoveMember: Command {
  /// Where.
  public let conversation: ConversationID
  /// Who.
  public let user: UserID

  /// Collects what is asked.
  public init(conversation: ConversationID, user: UserID) {
    self.conversation = conversation
    self.user = user
  }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    let found = try await chat.visible(conversation, to: caller)
    let (me, subject) = try await chat.pair(caller, user)
    guard let subject else { throw .notFound(.member) }
    try await chat.change(found, .remove, of: subject, by: me)
  }
}
