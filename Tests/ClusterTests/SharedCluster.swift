import Synchronization
import TestKit
import Testing

/// All tests that want a running cluster, one after the other, on one that they heal after themselves.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum ClusterTests {}

/// The clusters that the tests share, one for each kind of Redis: starting one takes three seconds.
enum SharedCluster {
  private static let all = Mutex<[RedisKind: LocalCluster]>([:])

  /// The cluster with all of its parts running.
  static func healthy(on redis: RedisKind = .standard) async throws -> LocalCluster {
    if let cluster = all.withLock({ $0[redis] }) {
      try await cluster.heal()
      return cluster
    }
    // Short graces, so that leaving and missing are seen within a test's patience.
    var settings = ["MARTLET_DRAIN_GRACE_S": "4", "MARTLET_LIMIT_AUTH_TIME_MS": "4000", "MARTLET_LOOPS": "2"]
    // Every send asks one master for a token that it always gets: what a master's end does to sends is to be seen.
    if redis == .cluster { settings["MARTLET_RATE_SEND"] = "1000/s,10000" }
    let cluster = try await LocalCluster.start(redis: redis, settings: settings)
    all.withLock { $0[redis] = cluster }
    return cluster
  }
}
