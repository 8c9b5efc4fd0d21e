import JSONText

/// What a node says of itself to the others.
///
/// - Shape: `{"id":"socket-1","role":"socket","addresses":["10.0.0.7:9001"],"version":"0.1.0","settings":"9f3c…",
///   "private":{"address":"10.0.0.7:9101","proof":"5b1e…"},"since":1763730000000,
///   "process":"6b0e… pid:[4026531836] 812 7713","proof":"77a0…","equal":{…}}`; it stays what it is as long as the
///   process lives, and no two processes have the same.
public struct NodeRecord: Hashable, Sendable {
  /// Its name, unique in the cluster.
  public let id: String
  /// What it does: `api`, `socket` or `all`.
  public let role: String
  /// Where other nodes reach it.
  public let addresses: [String]
  /// The version of its program.
  public let version: String
  /// The hash of those settings that must be equal on all nodes.
  public let settings: String

  /// Where other nodes pass requests on to; nil when it takes none.
  public let entrance: Entrance?

  /// When its process began, in milliseconds of Unix time; nil when an older release does not say.
  public let since: Int64?
  /// Which process of which machine it is, so that others there can see that it has died; nil when that is not known.
  public let process: String?
  /// The proof that a node of the cluster wrote the record; nil when an older release does not say.
  public var proof: String?
  /// What it must have in common with the others; nil when an older release does not say.
  public let agreement: NodeAgreement?

  /// A private address, and the proof that the node gave it to itself: what stands in Redis is not believed without.
  public struct Entrance: Hashable, Sendable {
    /// `10.0.0.7:9101`
    public let address: String
    /// A code under a secret of the cluster.
    public let proof: String

    /// Collects them.
    public init(address: String, proof: String) {
      self.address = address
      self.proof = proof
    }
  }

  /// Collects it.
  public init(
    id: String, role: String, addresses: [String], version: String, settings: String, entrance: Entrance? = nil,
    since: Int64? = nil, process: String? = nil, agreement: NodeAgreement? = nil
  ) {
    self.id = id
    self.role = role
    self.addresses = addresses
    self.version = version
    self.settings = settings
    self.entrance = entrance
    self.since = since
    self.process = process
    self.agreement = agreement
  }

  /// What is proved: which process it is, and since when.
  public var identity: String { "\(id)\n\(role)\n\(since ?? 0)\n\(process ?? "")" }

  var text: String {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("id", id)
      writer.member("role", role)
      writer.member("addresses", array: { writer in for address in addresses { writer.string(address) } })
      writer.member("version", version)
      writer.member("settings", settings)
      if let entrance {
        writer.member(
          "private",
          object: { writer in
            writer.member("address", entrance.address)
            writer.member("proof", entrance.proof)
          })
      }
      writer.member("since", since)
      writer.member("process", process)
      writer.member("proof", proof)
      if let agreement { writer.member("equal", object: agreement.write) }
    }
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  /// Reads a record; nothing when it is not one.
  init?(text: [UInt8]) {
    guard let value = try? JSONValue(parsing: text, limits: .frame), let id = value["id"]?.string,
      let role = value["role"]?.string, let list = value["addresses"]?.array, let version = value["version"]?.string,
      let settings = value["settings"]?.string
    else { return nil }
    // Records of older nodes have none.
    let entrance = value["private"].flatMap { door -> Entrance? in
      guard let address = door["address"]?.string, let proof = door["proof"]?.string else { return nil }
      return Entrance(address: address, proof: proof)
    }
    self.init(
      id: id, role: role, addresses: list.compactMap(\.string), version: version, settings: settings,
      entrance: entrance, since: value["since"]?.integer, process: value["process"]?.string,
      agreement: value["equal"].flatMap(NodeAgreement.init))
    proof = value["proof"]?.string
  }
}
