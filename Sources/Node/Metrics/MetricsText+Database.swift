import Postgres
import PostgresStore

/// Which count of the database's side ways is which metric: statements over several shards, and replicas.
extension MetricsText {
  mutating func write(scatter reports: [AdapterReport]) {
    func total(_ name: String, _ kind: Kind, _ help: String, _ value: (AdapterReport) -> Int) {
      sample(name, kind, help, [], Int64(reports.reduce(0) { $0 + value($1) }))
    }
    total("martlet_scatter_connections", .gauge, "Connections for statements over several shards.") {
      $0.scatterPool.ready
    }
    total("martlet_scatter_waiting", .gauge, "Questions to several shards that wait for an answer.") {
      $0.scatter.waiting
    }
    total("martlet_scatter_questions_total", .counter, "Questions to several shards.") { $0.scatter.asked }
    total("martlet_scatter_statements_total", .counter, "Statements over several shards that were sent.") {
      $0.scatter.sent
    }
    total("martlet_scatter_shared_total", .counter, "Questions answered by a statement of others.") {
      $0.scatter.shared
    }
    total("martlet_scatter_kept_total", .counter, "Questions answered by what was kept.") { $0.scatter.kept }
    total("martlet_scatter_refused_total", .counter, "Questions refused since too many waited.") { $0.scatter.refused }
    total("martlet_scatter_timeouts_total", .counter, "Statements over several shards whose deadline passed.") {
      $0.scatter.timedOut + $0.scatterPool.timedOut
    }
  }

  mutating func write(replicas reports: [ReplicaCounts]) {
    guard !reports.isEmpty else { return }
    sample(
      "martlet_replica_connections", .gauge, "Connections to replicas that are ready.", [],
      Int64(reports.reduce(0) { $0 + $1.connections }))
    for outcome in ReplicaOutcome.allCases {
      sample(
        "martlet_replica_pages_total", .counter,
        "Pages of the past asked of replicas; all but those served were read from the primary.",
        [("outcome", outcome.rawValue)], Int64(reports.reduce(0) { $0 + $1.pages[outcome, default: 0] }))
    }
  }
}
