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
    let (me, other) = try await pairOfTwo(caller, user, orEnded: change.onlyEnds)
    let (contact, made) = try await contacts.change(change, by: me, to: other, limit: limits.contactsPerUserMax)
    if !made.isEmpty { publisher.publish(made) }
    return contact
  }

  /// The accounts of the caller and another.
  ///
  /// - Parameter orEnded: whether the other's may have ended: who has him on a list must be able to take him off.
  /// - Throws: `.invalid` at `/user` for oneself, `.notFound(.user)`.
  func pairOfTwo(
    _ caller: Caller, _ user: UserID, orEnded: Bool = false
  ) async throws(ChatError) -> (caller: User, other: User) {
    var faults = Faults()
    if user == caller.user { faults.add("/user", "not_allowed", "user must be another user than the caller.") }
    try faults.settle()
    let (me, other) = try await pair(caller, user)
    if let other { return (me, other) }
    guard orEnded, let gone = try await cleanups.endedAccount(user) else { throw .notFound(.user) }
    return (me, gone)
  }
}
