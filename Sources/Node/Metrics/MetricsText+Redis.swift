import Redis

/// The ways to Redis of one loop: what its publishing client has counted, and whether each master is connected.
struct RedisReport: Sendable {
  let counters: RedisCounters
  let masters: [ClusterReport.Master]
}

extension MetricsText {
  /// Masters that have a line of their own: a cluster of more is told by its sums.
  private static let mastersShown = 64

  mutating func write(redis reports: [RedisReport]) {
    guard !reports.isEmpty else { return }
    var loops: [String: Int64] = [:]
    for master in reports.flatMap(\.masters) { loops["\(master.address)", default: 0] += master.isConnected ? 1 : 0 }
    sample("martlet_redis_masters", .gauge, "Masters that are known.", [], Int64(loops.count))
    for (master, connected) in loops.sorted(by: { $0.key < $1.key }).prefix(MetricsText.mastersShown) {
      sample(
        "martlet_redis_connected", .gauge, "Loops whose connection to a master stands.", [("master", master)],
        connected)
    }
    func total(_ name: String, _ help: String, _ value: (RedisCounters) -> Int) {
      sample(name, .counter, help, [], Int64(reports.reduce(0) { $0 + value($1.counters) }))
    }
    total("martlet_redis_sent_total", "Commands sent to Redis.") { $0.sent }
    total("martlet_redis_dropped_total", "Commands that had nowhere to go.") { $0.dropped }
    total("martlet_redis_lost_total", "Connections to Redis that were lost.") { $0.losses }
    total("martlet_redis_redirected_total", "Commands that a node of the cluster sent on to another.") {
      $0.redirected
    }
    total("martlet_redis_refreshes_total", "Answers to the question who has which slots.") { $0.refreshes }
    total("martlet_redis_topologies_total", "Those of them that said something new.") { $0.topologies }
  }
}
