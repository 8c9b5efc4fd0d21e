import JSONText

/// Gathers what workers tell each second, prints a line and keeps the series.
///
/// - Isolation: the leader's loop.
final class Progress {
  /// Seconds that are kept: a day of a soak.
  static let secondsMax = 86_400

  private(set) var series: [RunResult.Second] = []
  /// What is being done.
  var phase = "connect"
  private var begun = Clock.nanoseconds()
  private let workers: Int
  private let note: (String) -> Void
  private var told = 0
  private var second = RunResult.Second()
  private var histogram = Histogram()
  private var errors: [Int64]

  init(workers: Int, note: @escaping (String) -> Void) {
    self.workers = workers
    self.note = note
    errors = [Int64](repeating: 0, count: workers)
  }

  /// The seconds count from here.
  func begin() { begun = Clock.nanoseconds() }

  /// One worker's second.
  func take(_ line: JSONValue, from worker: Int) {
    second.connected += line["connected"]?.integer ?? 0
    second.sent += line["sent"]?.integer ?? 0
    second.delivered += line["delivered"]?.integer ?? 0
    errors[worker] = line["errors"]?.integer ?? 0
    if let delivery = Histogram(line["delivery"]) { histogram.merge(delivery) }
    told += 1
    if told >= workers { finish() }
  }

  private func finish() {
    second.at = Double((Clock.nanoseconds() - begun) / 1_000_000) / 1_000
    second.phase = phase
    second.errors = errors.reduce(0, &+)
    second.p50 = histogram.value(at: 0.5)
    second.p99 = histogram.value(at: 0.99)
    if series.count < Self.secondsMax { series.append(second) }
    note(line(second))
    told = 0
    second = RunResult.Second()
    histogram.removeAll()
  }

  private func line(_ second: RunResult.Second) -> String {
    var words = "\(Words.decimal(second.at, 0)) s  \(second.phase)  \(second.connected) connected"
    if second.sent + second.delivered > 0 {
      words += "  \(Words.number(Double(second.sent))) sent/s  \(Words.number(Double(second.delivered))) delivered/s"
    }
    if second.p99 > 0 { words += "  p50 \(Words.milliseconds(second.p50))  p99 \(Words.milliseconds(second.p99))" }
    return words + (second.errors > 0 ? "  \(second.errors) errors" : "")
  }
}
