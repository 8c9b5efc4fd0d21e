/// Makes a member another owner of a group or public conversation, beside the caller, who stays one: what some dialects
/// call adding an admin, who then may do all that the first one may.
///
/// - Throws: `.notFound(.conversation)`, `.notFound(.member)`, `.rateLimited`, and as ``MembershipRules`` say.
public struct ShareOwnership: Command {
  /// Where.
  public let conversation: ConversationID
  /// With whom.
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
    try await chat.change(found, .share, of: subject, by: me)
  }
}
