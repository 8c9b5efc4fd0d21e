import Synchronization
import TestKit
import Testing

/// All tests that want a running cluster, one after the other, on one that they heal after themselves.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum ClusterTests {}

/// The clusters that the tests share, one for each kind of Redis: starting one takes three seconds.
enum SharedCluster {
  /// Which: on what kind of Redis, and whether on the database server that is given.
  private struct Kind: Hashable {
    var redis: RedisKind
    var isGiven: Bool
  }

  private static let all = Mutex<[Kind: LocalCluster]>([:])

  /// The cluster with all of its parts running, on the database server that is given, if one is.
  static func healthy(on redis: RedisKind = .standard) async throws -> LocalCluster {
    let given = try await PrivatePostgres.shared()
    return try await healthy(redis, on: given.isOurs ? nil : given)
  }

  /// The same, or another one, whose PostgreSQL may be killed: a given server is others' too.
  static func killable() async throws -> LocalCluster { try await healthy(.standard, on: nil) }

  private static func healthy(_ redis: RedisKind, on server: PrivatePostgres?) async throws -> LocalCluster {
    let kind = Kind(redis: redis, isGiven: server != nil)
    if let cluster = all.withLock({ $0[kind] }) {
      try await cluster.heal()
      return cluster
    }
    // Short graces, so that leaving and missing are seen within a test's patience.
    var settings = ["MARTLET_DRAIN_GRACE_S": "4", "MARTLET_LIMIT_AUTH_TIME_MS": "4000"]
    if server == nil { settings["MARTLET_LOOPS"] = "2" }
    // Every send asks one master for a token that it always gets: what a master's end does to sends is to be seen.
    if redis == .cluster { settings["MARTLET_RATE_SEND"] = "1000/s,10000" }
    let cluster = try await LocalCluster.start(redis: redis, postgres: server, settings: settings)
    all.withLock { $0[kind] = cluster }
    return cluster
  }
}
