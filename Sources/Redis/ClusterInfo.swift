/// What a node says of the state of its cluster.
///
/// - Shape: `cluster_state:ok`, `cluster_current_epoch:6`, one a line.
/// - Source: Redis documentation, CLUSTER INFO.
public struct ClusterInfo: Hashable, Sendable {
  /// Rises with each failover and each slot that moves.
  public let epoch: Int64

  /// Reads the reply to CLUSTER INFO; nothing when it is not one.
  public init?(_ reply: RedisReply) {
    var members: [Substring: Substring] = [:]
    for line in (reply.text ?? "").prefix(4_096).split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      members[line[..<colon]] = line[line.index(after: colon)...]
    }
    guard let epoch = members["cluster_current_epoch"].flatMap({ Int64($0) }) else { return nil }
    self.epoch = epoch
  }
}
