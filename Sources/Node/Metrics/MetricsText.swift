/// Writes metrics in Prometheus' text format.
///
/// - Source: Prometheus exposition formats, text format 0.0.4.
struct MetricsText {
  private(set) var text = ""
  private var described: Set<String> = []

  enum Kind: String { case counter, gauge, histogram }

  /// One sample; the first of a name writes its help and type.
  mutating func sample(
    _ name: String, _ kind: Kind, _ help: String, _ labels: [(String, String)] = [], _ value: Int64
  ) {
    describe(name, kind, help)
    line(name, labels, String(value))
  }

  /// One histogram over fixed bounds in seconds.
  mutating func histogram(_ name: String, _ help: String, _ labels: [(String, String)] = [], _ histogram: Histogram) {
    describe(name, .histogram, help)
    var below: Int64 = 0
    for (bound, count) in zip(Histogram.boundsMilliseconds, histogram.counts) {
      below += count
      line(name + "_bucket", labels + [("le", MetricsText.seconds(bound))], String(below))
    }
    line(name + "_bucket", labels + [("le", "+Inf")], String(histogram.count))
    line(name + "_sum", labels, MetricsText.seconds(histogram.sumMilliseconds))
    line(name + "_count", labels, String(histogram.count))
  }

  private mutating func describe(_ name: String, _ kind: Kind, _ help: String) {
    guard described.insert(name).inserted else { return }
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func line(_ name: String, _ labels: [(String, String)], _ value: String) {
    text += name
    if !labels.isEmpty {
      text += "{" + labels.map { "\($0.0)=\"\(MetricsText.escaped($0.1))\"" }.joined(separator: ",") + "}"
    }
    text += " \(value)\n"
  }

  private static func seconds(_ milliseconds: Int64) -> String {
    let fraction = String(milliseconds % 1000 + 1000).dropFirst()
    return "\(milliseconds / 1000).\(fraction)"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}

/// Counts of durations over fixed bounds; one loop's, added up when asked for.
struct Histogram: Sendable {
  /// Upper bounds in milliseconds: around the promises (250 ms, 2 s, 5 s) and below.
  static let boundsMilliseconds: [Int64] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000]

  private(set) var counts = [Int64](repeating: 0, count: Histogram.boundsMilliseconds.count)
  private(set) var count: Int64 = 0
  private(set) var sumMilliseconds: Int64 = 0

  mutating func record(_ milliseconds: Int64) {
    count += 1
    sumMilliseconds += milliseconds
    if let index = Histogram.boundsMilliseconds.firstIndex(where: { milliseconds <= $0 }) { counts[index] += 1 }
  }

  mutating func add(_ other: Histogram) {
    count += other.count
    sumMilliseconds += other.sumMilliseconds
    for index in counts.indices { counts[index] += other.counts[index] }
  }
}
