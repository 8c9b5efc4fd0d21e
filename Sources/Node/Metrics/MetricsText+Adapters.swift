import ChatCore
import Postgres
import PostgresStore
import RedisBroker

/// Which count of the adapters is which metric: what stores, what carries, what counts rates.
extension MetricsText {
  mutating func write(adapters reports: [AdapterReport]) {
    guard !reports.isEmpty else { return }
    func total(_ name: String, _ kind: Kind, _ help: String, _ value: (AdapterReport) -> Int) {
      sample(name, kind, help, [], Int64(reports.reduce(0) { $0 + value($1) }))
    }
    total("martlet_database_connections", .gauge, "Connections to PostgreSQL that are ready.") { $0.database.ready }
    total("martlet_database_waiting", .gauge, "Statements that wait for a connection.") { $0.database.waiting }
    total("martlet_database_statements_total", .counter, "Statements sent.") { $0.database.sent }
    total("martlet_database_timeouts_total", .counter, "Statements whose deadline passed.") { $0.database.timedOut }
    total("martlet_database_lost_total", .counter, "Connections to PostgreSQL that were lost.") { $0.database.lost }
    total("martlet_database_queue_full_total", .counter, "Statements refused since too many waited.") {
      $0.database.queueFull
    }
    write(scatter: reports)
    write(replicas: reports.compactMap(\.replicas))
    total("martlet_send_batches_total", .counter, "Batches of messages sent to be stored, each of one bucket.") {
      $0.sends.batches
    }
    var commits = Durations()
    for report in reports { commits.add(report.sends.commits) }
    histogram("martlet_commit_seconds", "How long transactions that store messages took.", [], commits)
    total("martlet_messages_stored_total", .counter, "Messages stored by this node.") { $0.sends.stored }
    total("martlet_messages_repeated_total", .counter, "Sends that had been stored before.") { $0.sends.repeated }
    total("martlet_messages_retried_total", .counter, "Sends repeated since their outcome was in doubt.") {
      $0.sends.retried
    }
    total("martlet_messages_refused_total", .counter, "Sends refused, by the rules or since PostgreSQL was away.") {
      $0.sends.refused
    }
    total("martlet_messages_waiting", .gauge, "Sends that wait for their commit.") { $0.sends.unanswered }
    total("martlet_send_lockouts_total", .counter, "Batches that found their bucket held by others; tried again.") {
      $0.sends.lockedOut
    }
    write(broker: reports)
    write(rates: reports.map(\.rates))
  }

  private mutating func write(broker reports: [AdapterReport]) {
    func total(_ name: String, _ kind: Kind, _ help: String, _ value: (AdapterReport) -> Int) {
      sample(name, kind, help, [], Int64(reports.reduce(0) { $0 + value($1) }))
    }
    total("martlet_broker_listening", .gauge, "Loops whose subscriptions are alive.") { $0.isListening ? 1 : 0 }
    total("martlet_broker_published_total", .counter, "Entries published.") { $0.broker.entriesPublished }
    total("martlet_broker_dropped_total", .counter, "Publications dropped while Redis was away.") { $0.broker.dropped }
    total("martlet_broker_received_total", .counter, "Entries received.") { $0.broker.entriesReceived }
    total("martlet_broker_signals_published_total", .counter, "Signals published.") { $0.broker.signalsPublished }
    total("martlet_broker_signals_received_total", .counter, "Signals received.") { $0.broker.signalsReceived }
    total("martlet_broker_malformed_total", .counter, "Payloads that are not ours.") { $0.broker.malformed }
    total("martlet_broker_foreign_total", .counter, "Payloads of another topic's, or with a number that no row has.") {
      $0.broker.foreign + $0.broker.impossible
    }
    total("martlet_broker_strays_total", .counter, "Messages on channels that are not followed any more.") {
      $0.broker.strays
    }
  }

  private mutating func write(rates loops: [RateBuckets.Counters]) {
    func total(_ value: (RateBuckets.Counters) -> Int) -> Int64 { Int64(loops.reduce(0) { $0 + value($1) }) }
    let help = "Decisions whether something happens too often: by Redis for all nodes, or by a loop for itself."
    sample("martlet_rate_decisions_total", .counter, help, [("by", "redis")], total(\.shared))
    sample("martlet_rate_decisions_total", .counter, help, [("by", "loop")], total(\.local))
    sample("martlet_rate_refused_total", .counter, "Decisions that it does.", [], total(\.refused))
    sample(
      "martlet_rate_late_total", .counter, "Decisions that a loop made since Redis was too slow.", [], total(\.slow))
  }
}
