import ChatCore

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

  /// One sample in seconds.
  mutating func sample(
    _ name: String, _ kind: Kind, _ help: String, _ labels: [(String, String)] = [], milliseconds: Int64
  ) {
    describe(name, kind, help)
    line(name, labels, MetricsText.seconds(milliseconds))
  }

  /// One histogram over fixed bounds in seconds.
  mutating func histogram(_ name: String, _ help: String, _ labels: [(String, String)] = [], _ durations: Durations) {
    describe(name, .histogram, help)
    var below: Int64 = 0
    for (bound, count) in zip(Durations.bounds, durations.counts) {
      below += count
      line(name + "_bucket", labels + [("le", MetricsText.seconds(bound))], String(below))
    }
    line(name + "_bucket", labels + [("le", "+Inf")], String(durations.count))
    line(name + "_sum", labels, MetricsText.seconds(durations.sum))
    line(name + "_count", labels, String(durations.count))
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
