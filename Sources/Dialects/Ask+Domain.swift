import ChatCore
import HTTP1
import JSONText
import Tokens

/// The doors to the domain: whatever is refused behind them comes out as `ChatError` and is worded by the dialect.
extension Ask {
  /// What is too long, too many, too often.
  public var limits: Limits { chat.limits }

  /// Runs a command as the caller.
  ///
  /// - Parameter words: the row's own words for a refusal; nil leaves it to the dialect.
  public func run<Asked: Command>(
    _ command: Asked, else words: (ChatError) -> Refusal? = { _ in nil }
  ) async throws -> Asked.Reply {
    let caller = try caller
    do throws(ChatError) {
      return try await command.run(in: chat, as: caller)
    } catch {
      if let refusal = words(error) { throw refusal }
      throw error
    }
  }

  /// Runs a command that needs nobody.
  public func run<Asked: OpenCommand>(
    _ command: Asked, else words: (ChatError) -> Refusal? = { _ in nil }
  ) async throws -> Asked.Reply {
    do throws(ChatError) {
      return try await command.run(in: chat)
    } catch {
      if let refusal = words(error) { throw refusal }
      throw error
    }
  }

  /// Signs in; failures are counted as at our own door, and the token lives as long as the dialect says.
  ///
  /// - Parameter words: what is said of a wrong name or password, where that is not what the dialect always says.
  public func signIn(_ username: String, _ password: String, else words: Refusal? = nil) async throws -> SignedIn {
    do throws(ChatError) {
      return try await attempt(SignIn(username: username, password: password, device: mount.dialect.name))
    } catch {
      if let words, error == .unauthenticated(.wrongCredentials) { throw words }
      throw error
    }
  }

  /// Makes an account and signs in to it.
  public func signUp(_ username: String, _ password: String, email: String? = nil) async throws -> SignedIn {
    try await run(
      SignUp(Register(username: username, password: password, email: email), device: mount.dialect.name))
  }

  private func attempt(_ command: SignIn) async throws(ChatError) -> SignedIn {
    return try await mount.gate.signIn(command.username, address: peer) { () async throws(ChatError) in
      try await command.run(in: chat)
    }
  }

  /// Ends the session behind the caller's token; harmless when it has ended.
  public func signOut() async throws {
    do {
      _ = try await run(SignOut(.one(caller.session)))
    } catch ChatError.notFound(.session) {}
  }

  /// The user whom a member names, by id or by name.
  ///
  /// - Parameter namesFirst: whether a text is taken for a name before it is taken for an id.
  public func findUser(_ names: String..., namesFirst: Bool = false, else words: Refusal? = nil) async throws -> User {
    guard let text = parameters.text(names), !text.isEmpty else {
      throw words ?? mount.dialect.refuse.missing(names.first ?? "", word)
    }
    for byName in namesFirst ? [true, false] : [false, true] {
      if byName {
        if let user = try await run(FindUser(username: text)) { return user }
      } else if let id = voice.read(text, .user).flatMap({ UserID(checking: $0) }) {
        do { return try await run(ShowUser(user: id)) } catch ChatError.notFound(.user) {}
      }
    }
    throw words ?? mount.worded(ChatError.notFound(.user), word)
  }
}
