import Synchronization
import TestKit
import Testing

/// All tests that want a running cluster, one after the other, on one that they heal after themselves.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum ClusterTests {}

/// The cluster that the tests share: starting one takes three seconds.
enum SharedCluster {
  private static let one = Mutex<LocalCluster?>(nil)

  /// The cluster with all of its parts running.
  static func healthy() async throws -> LocalCluster {
    if let cluster = one.withLock({ $0 }) {
      try await cluster.heal()
      return cluster
    }
    // Short graces, so that leaving and missing are seen within a test's patience.
    let cluster = try await LocalCluster.start(settings: [
      "MARTLET_DRAIN_GRACE_S": "4", "MARTLET_LIMIT_AUTH_TIME_MS": "4000", "MARTLET_LOOPS": "2",
    ])
    one.withLock { $0 = cluster }
    return cluster
  }
}
