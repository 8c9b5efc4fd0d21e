import ChatCore
import JSONText

/// Making and changing accounts by members of what was brought.
extension Ask {
  /// Signs in by two members; whatever is missing or wrong gets the same words. The rest of the row may ask as who has
  /// signed in.
  public func signIn(
    by username: String, _ password: String, else words: Refusal
  ) async throws -> (ask: Ask, token: String) {
    let (name, secret) = (try require(username, else: words), try require(password, else: words))
    let signedIn = try await signIn(name, secret, else: words)
    let caller = Caller(user: signedIn.user.id, session: signedIn.session.id)
    let ask = Ask(mount, word, parameters, path: path, peer: peer, known: caller, request: request)
    return (ask, signedIn.access.token)
  }

  /// A member that must be there, and may be empty.
  public func present(_ name: String) throws -> String {
    guard let text = parameters.text(name) else { throw mount.dialect.refuse.missing(name, word) }
    return text
  }

  /// Those of the members that were brought, each of letters.
  ///
  /// - Parameter words: what is said of one that is empty or has something else in it.
  public func letters(_ names: String..., else words: (String) -> Refusal) throws -> [String: String] {
    var found: [String: String] = [:]
    for name in names {
      guard let text = parameters.text(name) else { continue }
      guard !text.isEmpty, text.allSatisfy(\.isLetter) else { throw words(name) }
      found[name] = text
    }
    return found
  }

  /// Changes the account of the user in the path, who must be the caller: a password, an address and a picture by the
  /// members that may hold them, and attributes. What else was brought changes nothing.
  ///
  /// - Throws: `.notFound(.user)`, `.forbidden(.notTheOwner)`.
  public func changeAccount(
    at place: Int, password: String, email: String, picture: String, attributes: [String: String]
  ) async throws {
    let user = try await run(ShowUser(user: user(at: place)))
    guard try user.id == caller.user else { throw ChatError.forbidden(.notTheOwner) }
    let (address, avatar) = (parameters.text(email), parameters.text(picture))
    let change = ProfileChange(
      email: address.map { $0.isEmpty ? nil : $0 }, avatarURL: avatar.map { $0.isEmpty ? nil : $0 },
      attributes: attributes)
    _ = try await run(UpdateProfile(change))
    if let text = parameters.text(password) { try await run(SetPassword(password: text)) }
  }
}
