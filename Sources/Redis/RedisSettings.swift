/// Where a Redis is, who we are there, and how long we wait.
///
/// - Shape: `redis://user:password@host:6379/0`; `redis+cluster://user:password@h1:6379,h2:6379` for a cluster;
///   `rediss…` for TLS. See ``init(url:)``.
public struct RedisSettings: Sendable, Hashable {
  /// A name or address.
  public var host: String
  /// The TCP port; 6,379 unless the URL says otherwise.
  public var port: UInt16
  /// The nodes of a cluster that are asked first who has which slots; empty for one Redis, which is at ``host``.
  public var seeds: [RedisAddress] = []
  /// The ACL user; nil is Redis' `default`.
  public var user: String?
  /// The password; nil sends no AUTH.
  public var password: String?
  /// The number for SELECT; a cluster has 0 only.
  public var database: Int
  /// Whether the connection is encrypted, and the certificate checked against the host.
  public var tls: Bool
  /// A PEM file with the authorities that may vouch for Redis; nil trusts those of the system.
  public var authorityFile: String?
  /// What CLIENT LIST shows for our connections; nil sends none.
  public var clientName: String?

  /// How long making a connection may take, greeting included: the promise is 10 s after a death, retries included.
  public var connectDeadline: Int64 = 2_000
  /// How long a reply may take, in milliseconds, before the connection is closed.
  public var replyDeadline: Int64 = 2_000
  /// Milliseconds that a command goes about being sent on from node to node of a cluster: no request is to notice it.
  public var redirectPatience: Int64 = 200
  /// Milliseconds between PINGs: a stopped Redis keeps its TCP connections alive, so this and the next find it within 7
  /// s.
  public var pingInterval: Int64 = 5_000
  /// How long a PONG may take, in milliseconds.
  public var pingDeadline: Int64 = 2_000
  /// Commands that may wait for their replies: at 100,000 commands/s a sixth of a second.
  public var pendingMax = 16_384
  /// Bytes of commands that may wait for their replies: 32 of the largest payloads.
  public var pendingBytesMax = 8 << 20
  /// How large one reply may be.
  public var replyLimits = ReplyLimits()
  /// Pauses between attempts to connect.
  public var backoff = Backoff()

  /// Takes the address.
  public init(
    host: String, port: UInt16 = 6_379, user: String? = nil, password: String? = nil, database: Int = 0,
    tls: Bool = false
  ) {
    self.host = host
    self.port = port
    self.user = user
    self.password = password
    self.database = database
    self.tls = tls
  }
}

extension RedisSettings {
  /// Whether the keys are shared out over a cluster.
  public var isCluster: Bool { !seeds.isEmpty }

  /// Where one Redis is; of a cluster the first of the seeds.
  public var address: RedisAddress { RedisAddress(host: host, port: port) }

  /// The same for one node of the cluster.
  func at(_ address: RedisAddress) -> RedisSettings {
    var settings = self
    settings.host = address.host
    settings.port = address.port
    return settings
  }
}

extension RedisSettings: CustomStringConvertible {
  /// `redis://host:6379/0`, without user and password: fit for logs.
  public var description: String {
    let scheme = tls ? "rediss" : "redis"
    guard isCluster else { return "\(scheme)://\(address)/\(database)" }
    return "\(scheme)+cluster://\(seeds.map(\.description).joined(separator: ","))"
  }
}
