import Synchronization
import TestKit
import Testing

/// All tests that want a running cluster, one after the other, on one that they heal after themselves.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum ClusterTests {}

/// The cluster that the tests share: starting one takes three seconds.
enum SharedCluster {
  private static let one = Mutex<LocalCluster?>(nil)
  private static let other = Mutex<LocalCluster?>(nil)

  /// The cluster with all of its parts running, on the database server that is given, if one is.
  static func healthy() async throws -> LocalCluster {
    if let cluster = one.withLock({ $0 }) {
      try await cluster.heal()
      return cluster
    }
    let given = try await PrivatePostgres.shared()
    let cluster = try await start(on: given.isOurs ? nil : given)
    one.withLock { $0 = cluster }
    return cluster
  }

  /// The same, or another one, whose PostgreSQL may be killed: a given server is others' too.
  static func killable() async throws -> LocalCluster {
    if try await PrivatePostgres.shared().isOurs { return try await healthy() }
    if let cluster = other.withLock({ $0 }) {
      try await cluster.heal()
      return cluster
    }
    let cluster = try await start(on: nil)
    other.withLock { $0 = cluster }
    return cluster
  }

  private static func start(on server: PrivatePostgres?) async throws -> LocalCluster {
    // Short graces, so that leaving and missing are seen within a test's patience.
    try await LocalCluster.start(
      postgres: server,
      settings: ["MARTLET_DRAIN_GRACE_S": "4", "MARTLET_LIMIT_AUTH_TIME_MS": "4000", "MARTLET_LOOPS": "2"])
  }
}
