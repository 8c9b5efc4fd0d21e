/// Everything that an import may reach.
public struct ImportPorts: Sendable {
  /// Where it goes.
  public let store: any ImportStore
  /// What is done about passwords.
  public let passwords: any ImportPasswords
  /// The wall clock.
  public let clock: any Clock
  /// What is too long, too many.
  public let limits: Limits

  /// Takes the ports.
  public init(
    store: any ImportStore, passwords: any ImportPasswords, clock: any Clock, limits: Limits = Limits()
  ) {
    self.store = store
    self.passwords = passwords
    self.clock = clock
    self.limits = limits
  }
}

/// Passwords that come from another system.
public protocol ImportPasswords: Sendable {
  /// PHC string of an Argon2id hash.
  func hash(_ password: String) async throws(ChatError) -> String
  /// Whether that is a hash by which he can sign in.
  func canVerify(_ hash: String) -> Bool
}
