/// Takes over one account.
///
/// - Shape: `{"type": "user", "key": "17", "username": "ada", "password_hash": "$2b$12$…", "created_at": "…"}`.
/// - Limits: ``Username``, and the rows of ``Limits`` for the rest; a password in clear of 1 …
///   ``Limits/passwordBytesMax`` bytes, however short, since he knows no other.
/// - Throws: `.invalid` naming each wrong member, `.conflict(.usernameTaken)`.
public struct ImportUser: Sendable {
  /// By what he signs in.
  public enum Password: Sendable {
    /// As he types it; hashed before it is stored.
    case clear(String)
    /// A hash that ``ImportPasswords`` can verify.
    case hash(String)
  }

  /// What is done when somebody else has the name.
  public enum Existing: String, Sendable, CaseIterable {
    /// The record is refused.
    case refuse
    /// That account is taken for his, as it is.
    case reuse
    /// He gets the first free name of `ada_2` … `ada_9`.
    case rename
  }

  /// What became of him.
  public enum Outcome: Sendable, Hashable {
    /// He has an account now.
    case made
    /// An earlier run has made it.
    case before
    /// An earlier run has made it, and he has ended it since: nothing is added to it any more.
    case ended
    /// An account that was there is his.
    case reused
  }

  /// What he was called.
  public let key: ImportKey
  /// The name he signed in with.
  public let username: String
  /// What others see; his name when nil.
  public let displayName: String?
  /// His address.
  public let email: String?
  /// Where his picture is.
  public let avatarURL: String?
  /// What his clients keep of him.
  public let attributes: [String: String]
  /// By what he signs in.
  public let password: Password
  /// When he registered.
  public let createdAt: Timestamp?
  /// What is done when somebody else has the name.
  public let existing: Existing
  /// Whether a name that is not allowed is made into one that is.
  public let mayRename: Bool

  /// Collects what is known of him.
  public init(
    key: ImportKey, username: String, displayName: String? = nil, email: String? = nil, avatarURL: String? = nil,
    attributes: [String: String] = [:], password: Password, createdAt: Timestamp? = nil, existing: Existing = .refuse,
    mayRename: Bool = false
  ) {
    self.key = key
    self.username = username
    self.displayName = displayName
    self.email = email
    self.avatarURL = avatarURL
    self.attributes = attributes
    self.password = password
    self.createdAt = createdAt
    self.existing = existing
    self.mayRename = mayRename
  }

  /// Checks, looks whose the name is, hashes, stores.
  public func run(in ports: ImportPorts) async throws(ChatError) -> (user: User, outcome: Outcome) {
    let names = names(ports.limits)
    try check(names.first ?? username, ports)
    var hash: String?
    for name in names.map(Username.init(stored:)) {
      // As in Register: nobody speaks in the name of who made the lobby.
      if name.key == Username.key(of: Lobby.host.username) { continue }
      let id = key.user(in: name.bucket)
      if let holder = try await ports.store.holder(ofUsernameKey: name.key) {
        if holder.id == id { return (holder, .before) }
        if existing == .reuse { return (holder, .reused) }
        continue
      }
      let made = try await self.hash(hash, ports)
      hash = made
      do throws(ChatError) {
        return (try await ports.store.register(past(name, id, made, ports.limits)), .made)
      } catch ChatError.conflict(.usernameTaken) {
        // Somebody else runs the same, and was first.
        if let holder = try await ports.store.holder(ofUsernameKey: name.key), holder.id == id {
          return (holder, .before)
        }
        // He has gone since an earlier run: no other name brings him back.
        if let gone = try await ports.store.endedAccount(id) { return (gone, .ended) }
        continue
      }
    }
    throw .conflict(.usernameTaken)
  }

  private func names(_ limits: Limits) -> [String] {
    let name = mayRename ? Username.allowed(username, limits) : username
    return [name] + (existing == .rename ? (2...9).map { Username.shortened(name, limits, end: "_\($0)") } : [])
  }

  private func check(_ name: String, _ ports: ImportPorts) throws(ChatError) {
    let limits = ports.limits
    var faults = Faults()
    faults.check(key, limits)
    faults.check(name, limits.username)
    faults.check(displayName, limits.displayName)
    faults.check(email, limits.email)
    faults.check(avatarURL, limits.avatarURL)
    for fault in ProfileRules.faults(in: attributes, limits) { faults.add(fault.pointer, fault.code, fault.detail) }
    if attributes.count > limits.attributesMax {
      faults.add("/attributes", "too_long", "A user has at most \(limits.attributesMax) attributes.")
    }
    switch password {
    case .clear(let text): faults.check(text, limits.givenPassword)
    case .hash(let text) where !ports.passwords.canVerify(text):
      faults.add(
        "/password_hash", "invalid_format",
        "password_hash must be of bcrypt, of Werkzeug (pbkdf2 or scrypt) or ours, at a cost that can be verified.")
    case .hash: break
    }
    faults.check(createdAt, "created_at", notAfter: ports.clock.now)
    try faults.settle()
  }

  private func hash(_ made: String?, _ ports: ImportPorts) async throws(ChatError) -> String {
    if let made { return made }
    switch password {
    case .clear(let text): return try await ports.passwords.hash(text)
    case .hash(let text): return text
    }
  }

  private func past(_ name: Username, _ id: UserID, _ hash: String, _ limits: Limits) -> PastUser {
    let shown = displayName ?? (limits.displayName.fault(in: username) == nil ? username : name.text)
    return PastUser(
      id: id, username: name, displayName: shown, email: email, avatarURL: avatarURL,
      attributes: attributes.filter { !$0.value.isEmpty }, passwordHash: hash, createdAt: createdAt)
  }
}

extension Username {
  /// A name made of one that may not be: `_` for what is not allowed, `user_` before what holds no letter.
  static func allowed(_ text: String, _ limits: Limits) -> String {
    guard limits.username.fault(in: text) != nil else { return text }
    var name = ""
    for scalar in text.unicodeScalars.prefix(limits.usernameBytesMax) {
      let piece = String(scalar)
      // Judged beside a letter, so that only the scalar itself can be what is wrong.
      name += scalar != " " && flaw("a" + piece) == nil ? piece : "_"
    }
    if flaw(name) != nil { name = "user_" + name }
    return shortened(name, limits, end: "")
  }

  /// As much of a name as fits before that end.
  static func shortened(_ text: String, _ limits: Limits, end: String) -> String {
    var scalars = text.unicodeScalars
    while String(scalars).utf8.count + end.utf8.count > limits.usernameBytesMax { scalars.removeLast() }
    return String(scalars) + end
  }
}
