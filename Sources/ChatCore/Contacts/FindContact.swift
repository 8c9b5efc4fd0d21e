/// Shows what another is to the caller.
///
/// - Throws: `.notFound(.contact)` when he is none of the caller's contacts and not blocked by him.
public struct FindContact: Command {
  /// Who.
  public let user: UserID

  /// Names him.
  public init(user: UserID) { self.user = user }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    guard user != caller.user else { throw .notFound(.contact) }
    let pair = try await chat.contacts.pair(caller.user, user)
    guard pair[caller.user].state != nil || pair[caller.user].block != .none,
      let other = try await chat.users.user(user)
    else { throw .notFound(.contact) }
    return ContactRules.contact(
      of: caller.user, with: Author(id: other.id, username: other.username), in: pair, at: chat.clock.now)
  }
}
