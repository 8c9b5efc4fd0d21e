import ChatCore
import Delivery
import EngineIO
import EngineServing
import Realtime
import RedisBroker
import Serving

/// Which count is which metric: one row each.
extension MetricsText {
  private mutating func sum(
    _ name: String, _ kind: Kind, _ help: String, _ reports: [LoopReport], _ value: (LoopReport) -> Int
  ) {
    sample(name, kind, help, [], Int64(reports.reduce(0) { $0 + value($1) }))
  }

  private static func added<Key>(_ parts: [[Key: Int]]) -> [Key: Int] {
    parts.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
  }

  mutating func write(serving reports: [LoopReport]) {
    sum("martlet_connections", .gauge, "Connections that are open.", reports) { $0.serving.open }
    sum("martlet_websockets", .gauge, "WebSockets that are open.", reports) { $0.serving.webSockets }
    sum("martlet_connections_accepted_total", .counter, "Connections accepted.", reports) { $0.serving.accepted }
    for (limit, count) in Self.added(reports.map(\.serving.turnedAway)).sorted(by: { $0.key < $1.key }) {
      sample(
        "martlet_connections_turned_away_total", .counter, "Connections turned away, by limit.", [("limit", limit)],
        Int64(count))
    }
    for (code, count) in Self.added(reports.map(\.serving.refused)).sorted(by: { $0.key < $1.key }) {
      sample(
        "martlet_http_refused_total", .counter, "Requests that broke HTTP, or had no room for a long body, by why.",
        [("code", code)], Int64(count))
    }
    for (wait, count) in Self.added(reports.map(\.serving.timedOut)).sorted(by: { $0.key < $1.key }) {
      sample(
        "martlet_connections_timed_out_total", .counter, "Connections closed for slowness, by what was waited for.",
        [("waiting_for", wait)], Int64(count))
    }
  }

  mutating func write(requests reports: [LoopReport]) {
    var all = RequestCounts()
    for report in reports { all.add(report.requests) }
    for (key, count) in all.counts.sorted(by: { ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status) }) {
      sample(
        "martlet_http_requests_total", .counter, "Requests answered.",
        [("route", key.route), ("method", key.method), ("status", String(key.status))], count)
    }
    for (route, durations) in all.durations.sorted(by: { $0.key < $1.key }) {
      histogram(
        "martlet_http_request_seconds", "How long requests took to answer.", [("route", route)], durations)
    }
  }

  mutating func write(delivery reports: [LoopReport]) {
    sum("martlet_rooms", .gauge, "Conversations followed by this node, by loop.", reports) { $0.delivery.rooms }
    sum("martlet_sessions", .gauge, "Authenticated socket sessions.", reports) { $0.delivery.sessions }
    sum("martlet_delivered_total", .counter, "Frames put into send queues.", reports) { $0.delivery.delivered }
    var ages = Durations()
    for report in reports { ages.add(report.delivery.ages) }
    histogram("martlet_delivery_seconds", "From the making of an entry to its frames in send queues.", [], ages)
    sum("martlet_repaired_total", .counter, "Entries read from the log since no notification brought them.", reports) {
      $0.delivery.repaired
    }
    sum("martlet_held_total", .counter, "Entries that came before an earlier one and were held.", reports) {
      $0.delivery.held
    }
    sum("martlet_duplicates_total", .counter, "Entries that came again and were dropped.", reports) {
      $0.delivery.duplicates
    }
    sum("martlet_refused_entries_total", .counter, "Notifications that the log does not know.", reports) {
      $0.delivery.refused
    }
    sum("martlet_head_checks_total", .counter, "Comparisons of heads with the log.", reports) {
      $0.delivery.headChecks
    }
    sum("martlet_lost_notifications_total", .counter, "Rooms in which a head check found what was lost.", reports) {
      $0.delivery.lostFound
    }
    sum(
      "martlet_log_read_failures_total", .counter,
      "Reads of the log that failed, or showed a hole, and were repeated.", reports
    ) {
      $0.delivery.failedReads
    }
    sum(
      "martlet_passed_over_total", .counter,
      "Holes that rooms found in logs, rows that somebody has taken out, after two reads that are counted as failed.",
      reports
    ) {
      $0.delivery.passedOver
    }
    sum("martlet_slow_readers_total", .counter, "Sessions closed because they did not read.", reports) {
      $0.delivery.slowReaders
    }
    sum("martlet_presence_told_total", .counter, "Changes of presence told to sessions.", reports) {
      $0.delivery.presenceTold
    }
    sum("martlet_resumes_total", .counter, "Resumes answered.", reports) { $0.delivery.resumed }
    sum("martlet_broker_interruptions_total", .counter, "Interruptions of the broker.", reports) {
      $0.delivery.interruptions
    }
  }

  mutating func write(realtime reports: [LoopReport]) {
    sum("martlet_socket_sessions_opened_total", .counter, "Native socket sessions begun.", reports) {
      $0.realtime.opened
    }
    sum("martlet_socket_sessions", .gauge, "Native socket sessions that are open.", reports) { $0.realtime.open }
    var requests: [String: [String: Int]] = [:]
    for report in reports {
      for (operation, outcomes) in report.realtime.requests {
        requests[operation, default: [:]].merge(outcomes, uniquingKeysWith: +)
      }
    }
    for (operation, outcomes) in requests.sorted(by: { $0.key < $1.key }) {
      for (outcome, count) in outcomes.sorted(by: { $0.key < $1.key }) {
        sample(
          "martlet_socket_requests_total", .counter, "Operations of native sockets answered.",
          [("operation", operation), ("outcome", outcome)], Int64(count))
      }
    }
    let closed = Self.added(reports.map(\.realtime.closed))
    for (code, count) in closed.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      sample(
        "martlet_socket_closed_total", .counter, "Native sockets closed by the node, by code.",
        [("code", String(code.rawValue))], Int64(count))
    }
  }

  mutating func write(engine reports: [LoopReport]) {
    let open: [(String, (LoopReport) -> Int)] = [
      ("polling", { $0.engine.polling }), ("websocket", { $0.engine.webSockets }),
    ]
    for (transport, count) in open {
      sample(
        "martlet_engine_sessions", .gauge, "Sessions of Engine.IO that are open, by transport.",
        [("transport", transport)], Int64(reports.reduce(0) { $0 + count($1) }))
    }
    sum("martlet_engine_polls", .gauge, "Polls that wait for their answers.", reports) { $0.engine.polls }
    sum("martlet_engine_sessions_opened_total", .counter, "Sessions of Engine.IO begun.", reports) { $0.engine.opened }
    sum("martlet_engine_upgrades_total", .counter, "Sessions that went over to a WebSocket.", reports) {
      $0.engine.upgrades
    }
    let closed = Self.added(reports.map(\.engine.closed))
    for (reason, count) in closed.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      sample(
        "martlet_engine_closed_total", .counter, "Sessions of Engine.IO that are over, by why.",
        [("reason", reason.rawValue)], Int64(count))
    }
  }

  mutating func write(presence reports: [PresenceCounters]) {
    guard !reports.isEmpty else { return }
    func total(_ name: String, _ kind: Kind, _ help: String, _ value: (PresenceCounters) -> Int) {
      sample(name, kind, help, [], Int64(reports.reduce(0) { $0 + value($1) }))
    }
    total("martlet_presence_users", .gauge, "Users with sessions on this node.") { $0.here }
    total("martlet_presence_watched", .gauge, "Users watched from this node.") { $0.watched }
    total("martlet_presence_said_total", .counter, "Comings and goings said to the other nodes.") { $0.said }
    total("martlet_presence_failed_total", .counter, "Batches of them that Redis did not take; said again.") {
      $0.failed
    }
    total("martlet_presence_heard_total", .counter, "Comings and goings heard.") { $0.heard }
    total("martlet_presence_malformed_total", .counter, "Messages of presence that are not ours.") { $0.malformed }
    total("martlet_presence_looked_up_total", .counter, "Users looked up.") { $0.lookedUp }
    total("martlet_presence_buried_total", .counter, "Dead nodes whose users this node took off.") { $0.buried }
    total("martlet_presence_begun_anew_total", .counter, "Times that this node was forgotten and said all again.") {
      $0.begunAnew
    }
  }

  mutating func write(loops reports: [LoopReport], droppedLogLines: Int) {
    for (number, report) in reports.enumerated() {
      sample(
        "martlet_loop_longest_tick_seconds", .gauge, "The longest tick since the last scrape.",
        [("loop", String(number))], milliseconds: report.vitals.longestTick)
    }
    sum("martlet_descriptors", .gauge, "Descriptors watched.", reports) { $0.vitals.descriptors }
    sample("martlet_log_lines_dropped_total", .counter, "Log lines dropped.", [], Int64(droppedLogLines))
  }
}
