import Redis

/// The cluster's nodes, as any loop may read them.
///
/// - Isolation: the client's loop.
public struct NodeList: @unchecked Sendable {
  private let client: RedisClient
  private let keys: [String]
  private let script = Scripts.nodes()

  /// The list that ``NodeRegistry`` keeps under the same names.
  public init(client: RedisClient, names: TopicNames = .standard) {
    self.client = client
    keys = NodeList.keys(names)
  }

  static func keys(_ names: TopicNames) -> [String] {
    ["alive", "records", "roles", "refused"].map { "\(names.prefix){nodes}\($0)" }
  }

  /// The nodes that are alive, in the order of their ids, at most 1,000.
  ///
  /// - Throws: ``RedisError``.
  public func read() async throws(RedisError) -> [NodeRecord] {
    let reply = try await client.run(script, keys: Array(keys.prefix(2)))
    return (reply.elements ?? []).compactMap { $0.bytes.flatMap(NodeRecord.init(text:)) }
  }
}
