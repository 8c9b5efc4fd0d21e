import ChatCore

/// The same for users who have room for more conversations than a test makes.
extension ConversationStore {
  /// The direct conversation of two.
  public func openDirect(_ caller: User, _ other: User) async throws(ChatError) -> (
    conversation: Conversation, made: Made?
  ) {
    try await openDirect(caller, other, most: .max)
  }

  /// Makes one.
  public func create(
    _ kind: ConversationKind, title: String, picture: String? = nil, owner: User, members: [User]
  ) async throws(ChatError) -> (conversation: Conversation, made: Made) {
    try await create(kind, title: title, picture: picture, owner: owner, members: members, most: .max)
  }

  /// Changes a membership.
  public func change(
    _ id: ConversationID, _ change: MembershipChange, of subject: User, by caller: User, limit: Int
  ) async throws(ChatError) -> (member: Member?, made: Made?) {
    try await self.change(id, change, of: subject, by: caller, limit: limit, most: .max)
  }
}
