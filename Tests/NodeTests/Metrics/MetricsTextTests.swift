import ChatCore
import Postgres
import PostgresStore
import Redis
import Testing

@testable import Node
@testable import RedisBroker

@Suite("Metrics as text")
struct MetricsTextTests {
  @Test("a name's help and type stand once, before its first sample")
  func described() {
    var metrics = MetricsText()
    metrics.sample("a_total", .counter, "How many.", [("kind", "x")], 1)
    metrics.sample("a_total", .counter, "How many.", [("kind", "y")], 2)
    #expect(
      metrics.text == """
        # HELP a_total How many.
        # TYPE a_total counter
        a_total{kind="x"} 1
        a_total{kind="y"} 2

        """)
  }

  @Test("a label's value cannot end its line or its quotes")
  func escaped() {
    var metrics = MetricsText()
    metrics.sample("a", .gauge, "x", [("l", "\"}\n\\")], 1)
    #expect(metrics.text.hasSuffix("a{l=\"\\\"}\\n\\\\\"} 1\n"))
  }

  @Test("a histogram's buckets grow up to +Inf, and its sum is in seconds")
  func histogram() {
    var histogram = Durations()
    for milliseconds: Int64 in [1, 2, 300, 20_000] { histogram.record(milliseconds) }
    var metrics = MetricsText()
    metrics.histogram("t", "Times.", [], histogram)
    #expect(metrics.text.contains("t_bucket{le=\"0.001\"} 1\n"))
    #expect(metrics.text.contains("t_bucket{le=\"0.250\"} 2\n"))
    #expect(metrics.text.contains("t_bucket{le=\"0.500\"} 3\n"))
    #expect(metrics.text.contains("t_bucket{le=\"+Inf\"} 4\n"))
    #expect(metrics.text.contains("t_sum 20.303\nt_count 4\n"))
  }

  @Test("the loops' counts are added up, and methods that nobody knows share one label")
  func addedUp() {
    var one = RequestCounts()
    one.record(route: "showMe", method: "GET", status: 200, milliseconds: 3)
    var two = one
    two.record(route: "showMe", method: "BREW", status: 405, milliseconds: 1)
    one.add(two)
    #expect(one.counts[.init(route: "showMe", method: "GET", status: 200)] == 2)
    #expect(one.counts[.init(route: "showMe", method: "other", status: 405)] == 1)
    #expect(one.durations["showMe"]?.count == 3)
  }

  @Test("a node tells its time, so that one whose clock is wrong stands out")
  func time() async throws {
    let board = MetricsBoard(
      role: .api, sink: LogSink(descriptor: 2), rooms: Rooms(IntakeConfiguration()), readiness: Readiness(),
      connectionsMax: 1)
    let before = SystemClock().now.milliseconds
    let lines = await board.text().split(separator: "\n")
    let line = try #require(lines.first { $0.hasPrefix("martlet_time_seconds ") })
    let told = try #require(line.split(separator: " ").last.flatMap { Double($0) }) * 1_000
    #expect(told >= Double(before) - 1 && told <= Double(SystemClock().now.milliseconds) + 1)
  }

  @Test("each master of a cluster has a line, up to sixty-four, and all are counted")
  func masters() throws {
    let report = RedisReport(
      counters: RedisCounters(),
      masters: (1...70).map {
        ClusterReport.Master(
          address: RedisAddress(host: "10.0.0.\($0)", port: 7_000), isConnected: $0 != 1, hasReplica: true)
      })
    var metrics = MetricsText()
    metrics.write(redis: [report, report])
    #expect(metrics.text.contains("martlet_redis_masters 70\n"))
    #expect(metrics.text.contains("martlet_redis_connected{master=\"10.0.0.1:7000\"} 0\n"))
    #expect(metrics.text.contains("martlet_redis_connected{master=\"10.0.0.2:7000\"} 2\n"))
    #expect(metrics.text.split(separator: "\n").filter { $0.hasPrefix("martlet_redis_connected{") }.count == 64)
  }

  @Test("what two loops have stored, carried and counted is added up, each count under its own name")
  func adapters() {
    var report = AdapterReport(
      database: PostgresCounters(), sends: SendCounters(), scatter: ScatterCounters(), scatterPool: PostgresCounters(),
      replicas: nil, broker: BrokerCounters(), rates: RateBuckets.Counters(),
      redis: RedisReport(counters: RedisCounters(), masters: []), isListening: true, presence: nil, list: nil)
    report.sends.refused = 1
    report.sends.lockedOut = 2
    report.sends.unanswered = 3
    report.broker.foreign = 4
    report.broker.impossible = 5
    report.broker.strays = 6
    report.broker.signalsPublished = 7
    report.broker.signalsReceived = 8
    report.rates.shared = 9
    report.rates.local = 10
    report.rates.slow = 11
    report.rates.refused = 12
    var metrics = MetricsText()
    metrics.write(adapters: [report, report])
    let told = metrics.text.split(separator: "\n").map(String.init)
    for line in [
      "messages_refused_total 2", "send_lockouts_total 4", "messages_waiting 6", "broker_foreign_total 18",
      "broker_strays_total 12", "broker_signals_published_total 14", "broker_signals_received_total 16",
      "rate_decisions_total{by=\"redis\"} 18", "rate_decisions_total{by=\"loop\"} 20", "rate_late_total 22",
      "rate_refused_total 24", "broker_listening 2",
    ] {
      #expect(told.contains("martlet_" + line))
    }
  }
}
