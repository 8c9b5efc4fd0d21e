/// Opens a sign-in session for who knows the password.
///
/// An unknown name and a wrong password get one answer after the same time. A hash made with older parameters is
/// renewed.
///
/// - Shape: `{"username": "ada", "password": "…", "device": "phone"}`.
/// - Limits: past ``Limits/sessionsPerUserMax`` the user's oldest session ends.
/// - Throws: `.unauthenticated(.wrongCredentials)`; `.invalid` for what is empty or too long; `.unavailable(.node)`
///   when too many passwords wait to be hashed.
public struct SignIn: OpenCommand {
  /// The name, in any case.
  public let username: String
  /// The password.
  public let password: String
  /// What the client calls itself, shown in the list of sessions.
  public let device: String?

  /// Collects what is asked.
  public init(username: String, password: String, device: String? = nil) {
    self.username = username
    self.password = password
    self.device = device
  }

  /// Checks, verifies, opens.
  public func run(in chat: Chat) async throws(ChatError) -> SignedIn {
    var faults = Faults()
    faults.check(username, chat.limits.givenUsername)
    faults.check(password, chat.limits.givenPassword)
    faults.check(device, chat.limits.device)
    try faults.settle()
    return try await chat.open(try await verifiedUser(in: chat), device: device)
  }

  private func verifiedUser(in chat: Chat) async throws(ChatError) -> User {
    let found: (user: User, passwordHash: String)?
    if chat.limits.username.fault(in: username) == nil {
      found = try await chat.users.credentials(ofUsernameKey: Username.key(of: username))
    } else {
      // No such name can exist; it still takes the time of one that does not.
      found = nil
    }
    let (matches, outdated) = try await chat.credentials.verify(password, against: found?.passwordHash)
    guard let found, matches else { throw .unauthenticated(.wrongCredentials) }
    if outdated { await renewHash(of: found.user, in: chat) }
    return found.user
  }

  /// A renewal that fails is tried again at the next sign-in; it must not spoil this one.
  private func renewHash(of user: User, in chat: Chat) async {
    guard let hash = try? await chat.credentials.hash(password) else { return }
    try? await chat.users.setPasswordHash(hash, of: user.id)
  }
}
