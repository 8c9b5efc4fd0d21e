/// How a cluster looks from here.
public struct ClusterReport: Hashable, Sendable {
  /// Those that have slots, and whether our connection to each stands.
  public let masters: [Master]
  /// How many of the 16,384 slots somebody has.
  public let slotsCovered: Int
  /// How many nodes stand by.
  public let replicas: Int

  /// One master.
  public struct Master: Hashable, Sendable {
    /// Where it is.
    public let address: RedisAddress
    /// Whether commands get through to it.
    public let isConnected: Bool
    /// Whether a replica stands by.
    public let hasReplica: Bool

    /// Collects them.
    public init(address: RedisAddress, isConnected: Bool, hasReplica: Bool) {
      self.address = address
      self.isConnected = isConnected
      self.hasReplica = hasReplica
    }
  }

  init(_ map: ClusterMap, isConnected: (RedisAddress) -> Bool) {
    masters = zip(map.masters, map.replicas).map { address, replicas in
      Master(address: address, isConnected: isConnected(address), hasReplica: !replicas.isEmpty)
    }
    slotsCovered = map.slotsCovered
    replicas = map.replicas.reduce(0) { $0 + $1.count }
  }
}
