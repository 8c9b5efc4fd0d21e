/// Makes a user a member of a conversation, or gives a member another role; the caller himself too (joining).
///
/// - Shape: `PUT …/members/{user}` with `{"role": "admin"}` or `{}`; without a role who is a member stays as he is.
/// - Limits: ``Limits/groupMembersMax``, ``Limits/publicMembersMax``, ``Limits/conversationsPerUserMax``.
/// - Throws: `.notFound(.conversation)`, `.notFound(.user)`, `.conflict(.conversationsFull)`;
///   `.rateLimited` (a crowd that was told much, ``Limits/fanOutPerSecond``); and as ``MembershipRules`` say.
public struct PutMember: Command {
  /// Where.
  public let conversation: ConversationID
  /// Who.
  public let user: UserID
  /// As what.
  public let role: Role?

  /// Collects what is asked.
  public init(conversation: ConversationID, user: UserID, role: Role? = nil) {
    self.conversation = conversation
    self.user = user
    self.role = role
  }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Member {
    let found = try await chat.visible(conversation, to: caller)
    let (me, subject) = try await chat.pair(caller, user)
    guard let subject else { throw .notFound(.user) }
    let member = try await chat.change(found, .put(role), of: subject, by: me)
    guard let member else { throw .internalError("a put member is none") }
    return member
  }
}

extension Chat {
  /// Changes a membership and tells it.
  ///
  /// - Throws: as ``MembershipRules`` say; `.conflict(.conversationsFull)`; `.rateLimited` (a crowd that was told much,
  ///   ``Limits/fanOutPerSecond``), except for who goes.
  @discardableResult
  func change(_ conversation: Conversation, _ change: MembershipChange, of subject: User, by me: User)
    async throws(ChatError) -> Member?
  {
    let toll = try await payFanOut(of: change, in: conversation, of: subject.id, by: me.id)
    let (member, made): (Member?, Made?)
    do throws(ChatError) {
      (member, made) = try await conversations.change(
        conversation.id, change, of: subject, by: me, limit: limits.membersMax(of: conversation.kind),
        most: limits.conversationsPerUserMax)
    } catch {
      await giveBack(toll)
      throw error
    }
    if change == .remove { await crowds.forgetWriter(subject.id, in: conversation.id) }
    if let made { publisher.publish(made) } else { await giveBack(toll) }
    return member
  }

  /// The caller's account and, if there is one, that of another user or of himself again; one look-up.
  func pair(_ caller: Caller, _ other: UserID) async throws(ChatError) -> (caller: User, other: User?) {
    let found = try await users.users(caller.user == other ? [other] : [caller.user, other])
    guard let me = found.first(where: { $0.id == caller.user }) else { throw .unauthenticated(.sessionEnded) }
    return (me, found.first { $0.id == other })
  }
}
