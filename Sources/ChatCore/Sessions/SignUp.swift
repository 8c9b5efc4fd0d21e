/// Makes an account and opens its first sign-in session: who has just chosen the password need not prove it.
///
/// - Throws: as ``Register``; `.invalid` at `/device`.
public struct SignUp: OpenCommand {
  /// The account.
  public let account: Register
  /// What the client calls itself.
  public let device: String?

  /// Collects what is asked.
  public init(_ account: Register, device: String? = nil) {
    self.account = account
    self.device = device
  }

  /// Registers, opens.
  public func run(in chat: Chat) async throws(ChatError) -> SignedIn {
    var faults = Faults()
    faults.check(device, chat.limits.device)
    try faults.settle()
    return try await chat.open(try await account.run(in: chat), device: device)
  }
}

extension Chat {
  /// Opens a sign-in session of who has shown that he is that user.
  func open(_ user: User, device: String?) async throws(ChatError) -> SignedIn {
    let nonce = credentials.nonce()
    let session = try await sessions.open(
      user: user.id, device: device, nonce: nonce, most: limits.sessionsPerUserMax)
    return tokens(for: user, session, generation: 1, nonce: nonce)
  }
}
