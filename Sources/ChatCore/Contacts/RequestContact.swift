/// Asks another to be a contact; where he has asked already, accepts at once. Again, it changes nothing.
///
/// - Limits: ``Limits/contactsPerUserMax`` on both sides.
/// - Throws: `.notFound(.user)`, `.invalid` at `/user` for oneself, `.forbidden(.blocked)`, `.conflict(.contactsFull)`.
public struct RequestContact: Command {
  /// Who.
  public let user: UserID

  /// Collects what is asked.
  public init(user: UserID) { self.user = user }

  /// Looks both up, changes, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Contact {
    try await chat.change(.request, with: user, as: caller)
  }
}

extension Chat {
  /// Changes what the caller and another are to each other, and tells both what they may know of it.
  func change(_ change: ContactChange, with user: UserID, as caller: Caller) async throws(ChatError) -> Contact {
    let (me, other) = try await pairOfTwo(caller, user)
    let (contact, made) = try await contacts.change(change, by: me, to: other, limit: limits.contactsPerUserMax)
    if !made.isEmpty { publisher.publish(made) }
    return contact
  }

  /// The accounts of the caller and another.
  ///
  /// - Throws: `.invalid` at `/user` for oneself, `.notFound(.user)`.
  func pairOfTwo(_ caller: Caller, _ user: UserID) async throws(ChatError) -> (caller: User, other: User) {
    var faults = Faults()
    if user == caller.user { faults.add("/user", "not_allowed", "user must be another user than the caller.") }
    try faults.settle()
    let (me, other) = try await pair(caller, user)
    guard let other else { throw .notFound(.user) }
    return (me, other)
  }
}
