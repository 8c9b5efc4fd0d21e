import ChatCore
import HTTP1
import JSONText

/// Making and changing accounts by members of what was brought.
extension Ask {
  /// Signs in by two members, and gives a browser the token as a cookie, with the user himself; whatever is missing or
  /// wrong gets the same words.
  public func signIn(
    by username: String, _ password: String, cookie name: String, else words: Refusal
  ) async throws -> Answer {
    // A page of a foreign origin would sign its visitor in as somebody else.
    if let request, Credential.believed([.cookie(name)], request.headers, mount.crossOrigin).isEmpty {
      throw Refusal(403, "Not allowed from this origin")
    }
    let (given, secret) = (try require(username, else: words), try require(password, else: words))
    let signedIn = try await signIn(given, secret, else: words)
    let caller = Caller(user: signedIn.user.id, session: signedIn.session.id)
    let ask = Ask(mount, word, parameters, path: path, peer: peer, known: caller, request: request, cost: cost)
    return Answer(200, .json(try await ask.whole(ask.myself)), headers: cookie(name, signedIn.access.token))
  }

  /// Makes an account of what members say: all are required, the address may be empty.
  ///
  /// - Parameter names: members of letters, kept as attributes, and shown as his name in that order.
  public func register(
    by username: String, _ password: String, email: String, names: [String]
  ) async throws -> Answer {
    let (name, secret) = (try require(username), try require(password))
    let given = try names.map { try require($0) }
    guard let address = parameters.text(email) else { throw mount.dialect.refuse.missing(email, word) }
    let register = Register(
      username: name, password: secret, displayName: given.joined(separator: " "),
      email: address.isEmpty ? nil : address, attributes: try letters(names))
    return .created(voice.user(Person(try await run(register), isOnline: false), own: []))
  }

  /// Changes the account of the user in the path, who must be the caller, as members say. What else was brought changes
  /// nothing, nor does a `status`: who says that he is not there is shown so once, in the answer.
  ///
  /// - Throws: `.notFound(.user)`, `.forbidden(.notTheOwner)`.
  public func changeAccount(
    at place: Int, password: String, email: String, picture: String, names: [String]
  ) async throws -> Answer {
    let user = try await run(ShowUser(user: user(at: place)))
    guard try user.id == caller.user else { throw ChatError.forbidden(.notTheOwner) }
    let (address, avatar) = (parameters.text(email), parameters.text(picture))
    let change = ProfileChange(
      email: address.map { $0.isEmpty ? nil : $0 }, avatarURL: avatar.map { $0.isEmpty ? nil : $0 },
      attributes: try letters(names))
    let changed = try await run(UpdateProfile(change))
    if let secret = parameters.text(password) { try await run(SetPassword(password: secret)) }
    return .ok(try await whole(Person(changed, isOnline: parameters.text("status") != "offline")))
  }

  /// Those of the members that were brought, each of letters.
  ///
  /// - Throws: `.invalid` naming the one that is not.
  private func letters(_ names: [String]) throws -> [String: String] {
    var found: [String: String] = [:]
    for name in names {
      guard let text = parameters.text(name) else { continue }
      guard !text.isEmpty, text.allSatisfy(\.isLetter) else {
        let detail = "\(name.prefix(1).uppercased() + name.dropFirst()) must contain only alphabetic characters."
        throw ChatError.invalid([Fault(pointer: "/" + name, code: "not_allowed", detail: detail)])
      }
      found[name] = text
    }
    return found
  }
}
