/// Makes an account, and with it the user's self conversation.
///
/// - Shape: `{"username": "ada", "password": "…", "display_name": "Ada", "email": "ada@example.org"}`; without a
///   display name the user name is shown.
/// - Limits: ``Username``; passwords of ``Limits/passwordBytesMin`` … ``Limits/passwordBytesMax`` bytes; attributes as
///   ``ProfileRules``.
/// - Throws: `.invalid` naming each wrong member, `.conflict(.usernameTaken)`, `.unavailable`.
public struct Register: OpenCommand {
  /// The name to sign in with.
  public let username: String
  /// The password, hashed before it goes anywhere.
  public let password: String
  /// What others see.
  public let displayName: String?
  /// His address.
  public let email: String?
  /// Where his picture is.
  public let avatarURL: String?
  /// What his client keeps of him besides.
  public let attributes: [String: String]

  /// Collects what is asked.
  public init(
    username: String, password: String, displayName: String? = nil, email: String? = nil, avatarURL: String? = nil,
    attributes: [String: String] = [:]
  ) {
    self.username = username
    self.password = password
    self.displayName = displayName
    self.email = email
    self.avatarURL = avatarURL
    self.attributes = attributes
  }

  /// Checks, hashes, stores.
  public func run(in chat: Chat) async throws(ChatError) -> User {
    var faults = Faults()
    faults.check(username, chat.limits.newUsername)
    faults.check(password, chat.limits.password)
    faults.check(displayName, chat.limits.displayName)
    faults.check(email, chat.limits.email)
    faults.check(avatarURL, chat.limits.avatarURL)
    for fault in ProfileRules.faults(in: attributes, chat.limits) {
      faults.add(fault.pointer, fault.code, fault.detail)
    }
    try faults.settle()
    // Nobody speaks in the name of who made the lobby.
    if Username.key(of: username) == Username.key(of: Lobby.host.username) { throw .conflict(.usernameTaken) }
    let attributes = try ProfileRules.merge([:], attributes, most: chat.limits.attributesMax)
    let hash = try await chat.credentials.hash(password)
    return try await chat.users.register(
      NewUser(
        username: Username(stored: username), displayName: displayName ?? username, email: email, passwordHash: hash,
        avatarURL: avatarURL, attributes: attributes))
  }
}
