/// Replaces the caller's password; all his other sessions end, everywhere.
///
/// - Shape: `{"password": "old", "new_password": "new"}`.
/// - Throws: `.unauthenticated(.wrongCredentials)` for a wrong old one; `.invalid` at `/password` or `/new_password`;
///   `.unavailable(.node)` when too many passwords wait to be hashed.
public struct ChangePassword: Command {
  /// The one he has.
  public let password: String
  /// The one he is to have.
  public let newPassword: String

  /// Collects what is asked.
  public init(password: String, newPassword: String) {
    self.password = password
    self.newPassword = newPassword
  }

  /// Checks, verifies, stores, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    var faults = Faults()
    faults.check(password, chat.limits.givenPassword)
    faults.check(newPassword, chat.limits.newPassword)
    try faults.settle()
    try await chat.verify(password, of: caller)
    try await chat.setPassword(newPassword, of: caller)
  }
}

/// Replaces the caller's password without asking for the old one, for dialects whose clients have only a token; all his
/// other sessions end.
///
/// - Throws: `.invalid` at `/password`; `.unavailable(.node)`.
public struct SetPassword: Command {
  /// The one he is to have.
  public let password: String

  /// Takes the new one.
  public init(password: String) { self.password = password }

  /// Checks, stores, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) {
    var faults = Faults()
    faults.check(password, chat.limits.password)
    try faults.settle()
    try await chat.setPassword(password, of: caller)
  }
}

extension Chat {
  /// Makes sure that the caller knows his password.
  ///
  /// - Throws: `.unauthenticated(.wrongCredentials)`, or `.sessionEnded` when his account is gone.
  func verify(_ password: String, of caller: Caller) async throws(ChatError) {
    guard let hash = try await users.passwordHash(of: caller.user) else { throw .unauthenticated(.sessionEnded) }
    guard try await credentials.verify(password, against: hash).matches else {
      throw .unauthenticated(.wrongCredentials)
    }
  }

  fileprivate func setPassword(_ password: String, of caller: Caller) async throws(ChatError) {
    let hash = try await credentials.hash(password)
    let ended = try await users.changePassword(hash, of: caller.user, keeping: caller.session)
    // An empty list would say all of them.
    if !ended.isEmpty { publisher.announce(.signedOut(caller.user, sessions: ended)) }
  }
}
