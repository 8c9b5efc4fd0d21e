/// Changes what the caller shows of himself; what is not named stays.
///
/// - Shape: `{"display_name": "Countess", "email": null}`; null takes the address away.
/// - Throws: `.invalid` naming each wrong member, `.notFound(.user)`.
public struct UpdateProfile: Command {
  /// The new display name.
  public let displayName: String?
  /// The new address, or none any more.
  public let email: String??

  /// Collects what is to change.
  public init(displayName: String? = nil, email: String?? = nil) {
    self.displayName = displayName
    self.email = email
  }

  /// Checks and stores.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> User {
    var faults = Faults()
    faults.check(displayName, chat.limits.displayName)
    faults.check(email ?? nil, chat.limits.email)
    try faults.settle()
    return try await chat.users.update(caller.user, displayName: displayName, email: email)
  }
}
