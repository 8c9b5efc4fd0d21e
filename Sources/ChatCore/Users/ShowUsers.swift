/// Shows users to anyone signed in, ascending by id; those that are none are left out. As ``ShowUser`` for one.
///
/// - Limits: any number; they are read ``Limits/membersPerRequestMax`` at a time.
public struct ShowUsers: Command {
  /// Whom.
  public let users: [UserID]

  /// Names them.
  public init(users: [UserID]) { self.users = users }

  /// Looks them up.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> [User] {
    var (found, rest): ([User], ArraySlice<UserID>) = ([], Set(users).sorted()[...])
    while !rest.isEmpty {
      let some = rest.prefix(chat.limits.membersPerRequestMax)
      rest = rest.dropFirst(some.count)
      found += try await chat.users.users(Array(some))
    }
    return found.sorted { $0.id < $1.id }
  }
}
