import Tracing

/// What became of spans; of a node that makes any.
extension MetricsText {
  mutating func write(spans: SpanCounts) {
    let (name, help) = ("martlet_spans_total", "Spans: taken by the collector, without room, given up.")
    for (outcome, count) in [("sent", spans.sent), ("dropped", spans.dropped), ("failed", spans.failed)] {
      sample(name, .counter, help, [("outcome", outcome)], Int64(count))
    }
    sample("martlet_spans_waiting", .gauge, "Spans that wait to be sent.", [], Int64(spans.waiting))
  }
}
