import JSONText

/// What a node must have in common with all others before it may join them: a token, a cursor or a limit of one has to
/// mean the same to the others.
///
/// - Shape: `{"protocol":1,"settings":{"MARTLET_TOKEN_LIFETIME_S":"600"},"secrets":{"MARTLET_REFRESH_KEY":"9f3c…"},
///   "keys":[{"id":"k1","digest":"5b1e…"}],"database":"1763…","join":"accept"}`; a setting that is not there is at its
///   default, so that a release which adds one agrees with the one before it.
public struct NodeAgreement: Hashable, Sendable {
  /// The version of what nodes say to each other: payloads, keys in Redis, seals. Nodes of another one do not
  /// understand each other, whatever the operator says.
  public static let spoken: Int64 = 1

  /// A key of access tokens: its name, and a code made under it, from which it cannot be found.
  public struct Key: Hashable, Sendable {
    let id: String
    let digest: String

    /// Collects them.
    public init(id: String, digest: String) {
      self.id = id
      self.digest = digest
    }
  }

  let language: Int64
  let settings: [String: String]
  let secrets: [String: String]
  let keys: [Key]
  /// What tells the database from any other, as the database says; nil where it was not asked.
  let database: String?
  /// Whether the operator means the node to run beside others that differ, for as long as a change goes round.
  let accepts: Bool

  /// Collects it.
  ///
  /// - Parameters:
  ///   - settings: those that must be equal and are not at their defaults, by the names of their variables.
  ///   - secrets: codes made under secrets that must be equal.
  ///   - keys: of access tokens; the first signs.
  ///   - database: what tells the database from any other.
  public init(
    settings: [String: String], secrets: [String: String] = [:], keys: [Key] = [], accepts: Bool = false,
    database: String? = nil, language: Int64 = NodeAgreement.spoken
  ) {
    self.language = language
    self.settings = settings
    self.secrets = secrets
    self.keys = keys
    self.accepts = accepts
    self.database = database
  }

  /// The same of a node on that database.
  public func on(database: String?) -> NodeAgreement {
    NodeAgreement(
      settings: settings, secrets: secrets, keys: keys, accepts: accepts, database: database, language: language)
  }

  // MARK: Comparing

  /// What keeps this node from standing beside another: the rest of a sentence each, which begins with a setting's
  /// name; none when they agree, or when one of the two was told to accept the other.
  public func differences(from other: NodeAgreement, of name: String) -> [String] {
    guard language == other.language else {
      return ["the protocol between nodes is \(language) here and \(other.language) at \(name)"]
    }
    return accepts || other.accepts ? [] : unequal(to: other, of: name)
  }

  /// The same, without regard to what is accepted.
  public func unequal(to other: NodeAgreement, of name: String) -> [String] {
    var found: [String] = []
    for setting in Set(settings.keys).union(other.settings.keys).sorted() {
      let (here, there) = (settings[setting], other.settings[setting])
      guard here != there else { continue }
      found.append("\(setting) is \(here ?? "the default") here and \(there ?? "the default") at \(name)")
    }
    for secret in Set(secrets.keys).union(other.secrets.keys).sorted() where secrets[secret] != other.secrets[secret] {
      found.append("\(secret) is not the same here and at \(name)")
    }
    if let database, let other = other.database, database != other {
      found.append("MARTLET_DATABASE_URL leads to another database here than at \(name)")
    }
    return found + unequalKeys(other, of: name)
  }

  /// Each must know the key that the other signs with, and a name must mean one key: so keys change one after the
  /// other, a new one behind the old one first.
  private func unequalKeys(_ other: NodeAgreement, of name: String) -> [String] {
    let setting = "MARTLET_TOKEN_KEYS"
    for key in keys where other.keys.contains(where: { $0.id == key.id && $0.digest != key.digest }) {
      return ["\(setting) has another key '\(key.id)' here than at \(name)"]
    }
    if let first = keys.first, !other.keys.contains(first) {
      return ["\(setting) signs by '\(first.id)' here, which \(name) does not know"]
    }
    if let first = other.keys.first, !keys.contains(first) {
      return ["\(setting) does not know '\(first.id)' here, by which \(name) signs"]
    }
    return []
  }

  // MARK: In the record

  func write(_ writer: inout JSONWriter) {
    writer.member("protocol", language)
    writer.member("settings", object: { NodeAgreement.write(settings, &$0) })
    writer.member("secrets", object: { NodeAgreement.write(secrets, &$0) })
    writer.member(
      "keys",
      array: { writer in
        for key in keys {
          writer.object { writer in
            writer.member("id", key.id)
            writer.member("digest", key.digest)
          }
        }
      })
    if let database { writer.member("database", database) }
    if accepts { writer.member("join", "accept") }
  }

  private static func write(_ members: [String: String], _ writer: inout JSONWriter) {
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      writer.key(named: name)
      writer.string(value)
    }
  }

  /// Reads one; nothing when it is not one.
  init?(_ value: JSONValue) {
    guard let language = value["protocol"]?.integer else { return nil }
    func texts(_ name: String) -> [String: String] {
      (value[name]?.object?.entries ?? []).reduce(into: [:]) { $0[$1.name] = $1.value.string }
    }
    let keys = (value["keys"]?.array ?? []).compactMap { key -> Key? in
      guard let id = key["id"]?.string, let digest = key["digest"]?.string else { return nil }
      return Key(id: id, digest: digest)
    }
    self.init(
      settings: texts("settings"), secrets: texts("secrets"), keys: keys,
      accepts: value["join"]?.string == "accept", database: value["database"]?.string, language: language)
  }
}
