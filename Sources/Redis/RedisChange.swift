/// What has become of the way to a Redis or a cluster; without secrets, fit for logs.
public enum RedisChange: Hashable, Sendable {
  /// Commands get through to this one.
  case connected(RedisAddress)
  /// They did, and no longer do.
  case lost(RedisAddress, RedisError)
  /// An attempt to connect failed; there will be another.
  case failed(RedisAddress, RedisError)
  /// The cluster has other nodes, or its slots lie elsewhere, than before.
  case topology(String)
  /// A node of the cluster did not say who has which slots; another is asked.
  case silent(RedisAddress, RedisError)
  /// A command was refused, in Redis' words: no memory, no permission, a key of another kind. Not told of what a client
  /// answers by itself: a script that is to be sent whole, a slot that is elsewhere.
  case refused(RedisAddress, String)
  /// The settings name one Redis, and it is a node of a cluster.
  case leadsToCluster(RedisAddress)
}

extension RedisChange: CustomStringConvertible {
  /// A sentence for the log.
  public var description: String {
    switch self {
    case .connected(let address): "connected to \(address)"
    case .lost(let address, let error): "lost \(address): \(error)"
    case .failed(let address, let error): "no connection to \(address): \(Self.reason(error, of: address))"
    case .topology(let words): "the cluster is now \(words)"
    case .silent(let address, let error): "\(address) does not tell the cluster's slots: \(error)\(Self.advice(error))"
    case .refused(let address, let words): "\(address) refuses: \(RedisError.tellable(words))"
    case .leadsToCluster(let address):
      "\(address) is a node of a Redis Cluster and the URL that of one Redis: write redis+cluster:// or "
        + "rediss+cluster:// in it"
    }
  }

  /// The system's words begin with the address, which the sentence has already.
  private static func reason(_ error: RedisError, of address: RedisAddress) -> String {
    let (words, name) = (error.description, "\(address): ")
    return words.hasPrefix(name) ? String(words.dropFirst(name.count)) : words
  }

  private static func advice(_ error: RedisError) -> String {
    guard case .refused(let text) = error, text.contains("cluster support disabled") else { return "" }
    return "; it is one Redis: write redis:// or rediss:// in the URL"
  }
}
