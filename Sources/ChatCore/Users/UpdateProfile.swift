/// Changes what the caller shows of himself; what is not named stays.
///
/// - Shape: `{"display_name": "Countess", "email": null, "avatar_url": "/a.png", "attributes": {"fname": "Ada"}}`; null
///   takes an address or picture away, an empty text an attribute.
/// - Limits: as ``ProfileRules`` and the rows of ``Limits`` say.
/// - Throws: `.invalid` naming each wrong member, `.notFound(.user)`.
public struct UpdateProfile: Command {
  /// What is to change.
  public let change: ProfileChange

  /// Takes what is to change.
  public init(_ change: ProfileChange) { self.change = change }

  /// Collects what is to change.
  public init(displayName: String? = nil, email: String?? = nil) {
    self.init(ProfileChange(displayName: displayName, email: email))
  }

  /// Checks and stores.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> User {
    var faults = Faults()
    faults.check(change, chat.limits)
    try faults.settle()
    return try await chat.users.update(caller.user, change)
  }
}

extension Faults {
  /// Checks what a profile is to be.
  mutating func check(_ change: ProfileChange, _ limits: Limits) {
    check(change.displayName, limits.displayName)
    check(change.email ?? nil, limits.email)
    check(change.avatarURL ?? nil, limits.avatarURL)
    for fault in ProfileRules.faults(in: change.attributes, limits) { add(fault.pointer, fault.code, fault.detail) }
  }
}
