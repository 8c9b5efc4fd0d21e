import JSONText

/// One number of a run, with its name, its unit and how a person reads it.
struct Figure: Sendable, Equatable {
  /// As JSON names it, unit included.
  let name: String
  /// As a report names it.
  let title: String
  /// The number.
  let value: Double
  /// As a person reads it.
  let text: String
}

extension RunResult {
  /// What a run comes to: rates, latencies, CPU a thing, bytes a connection. What was not measured is left out.
  var figures: [Figure] { rateFigures + latencyFigures + costFigures }

  private var rateFigures: [Figure] {
    var all = [Figure(name: "connected", title: "connected", value: Double(connected), text: connectedText)]
    if tally.sent > 0 {
      all.append(number("messages_per_s", "messages a second", messagesPerSecond))
      all.append(number("deliveries_per_s", "deliveries a second", deliveriesPerSecond))
    }
    if let highestHeld { all.append(number("highest_rate", "highest rate within the bound", highestHeld)) }
    return all
  }

  /// Whoever has not come in is not hidden.
  private var connectedText: String {
    let wanted = scenario["connections"]?.integer ?? connected
    return connected == wanted ? "\(connected)" : "\(connected) of \(wanted)"
  }

  private var latencyFigures: [Figure] {
    histograms.flatMap { name, histogram in
      [("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("max", 1)].map { word, share in
        let value = histogram.value(at: share)
        return Figure(
          name: "\(name)_\(word)_us", title: "\(name) \(word)", value: Double(value), text: Words.milliseconds(value))
      }
    }
  }

  private var costFigures: [Figure] {
    guard uses.contains(where: { !$0.isTester }) else { return [] }
    var all: [Figure] = []
    if delivered > 0, targetCPU > 0 {
      all.append(number("deliveries_per_cpu_s", "deliveries a CPU-second", Double(delivered) / targetCPU))
      all.append(microseconds("cpu_us_per_delivery", "CPU a delivery", targetCPU / Double(delivered)))
      all.append(microseconds("tester_cpu_us_per_delivery", "tester's CPU a delivery", testerCPU / Double(delivered)))
    }
    if acknowledged > 0 {
      all.append(microseconds("cpu_us_per_message", "CPU a message", targetCPU / Double(acknowledged)))
    }
    if connected > 0 {
      all.append(microseconds("cpu_us_per_connect", "CPU a connection made", connectCPU / Double(connected)))
      let servers = uses.filter { !$0.isTester }
      let nodes = servers.filter { $0.name.hasPrefix("socket") || $0.name.hasPrefix("server") }
      let grown = (nodes.isEmpty ? servers : nodes).reduce(0) { $0 + $1.idle - $1.before }
      let bytes = grown / Double(connected)
      all.append(
        Figure(name: "idle_bytes", title: "bytes an idle connection", value: bytes, text: Words.bytes(bytes)))
    }
    return all
  }

  private func number(_ name: String, _ title: String, _ value: Double) -> Figure {
    Figure(name: name, title: title, value: value, text: Words.number(value))
  }

  private func microseconds(_ name: String, _ title: String, _ seconds: Double) -> Figure {
    let value = seconds * 1_000_000
    return Figure(name: name, title: title, value: value, text: Words.decimal(value, value < 10 ? 2 : 1) + " µs")
  }

  /// Each rate of a search, with how its probes voted and how far they lie apart.
  var searched: [String] {
    Dictionary(grouping: probes, by: \.rate).sorted { $0.key < $1.key }.map { rate, probes in
      let p99 = Sample(probes.map { Double($0.p99) })
      let noise = probes.count > 1 ? ", give or take \(Words.decimal(p99.noise * 100, 0)) %" : ""
      return "\(Words.number(rate)) messages/s: \(probes.count { $0.held }) of \(probes.count) probes held; p99 "
        + Words.milliseconds(Int64(p99.median)) + noise
    }
  }

  /// The run in a few lines for a terminal.
  var summary: String {
    var lines = ["\(name): \(title)", "  \(verdict.sentence)"]
    if isCutShort { lines.append("  stopped before its end") }
    lines += figures.filter { !$0.name.hasSuffix("_p999_us") }.map { figure in
      "  " + figure.title + String(repeating: " ", count: max(1, 34 - figure.title.count)) + figure.text
    }
    lines += searched.map { "  " + $0 }
    for use in uses where use.measureCPU + use.connectCPU > 0 {
      let cpu = "\(Words.decimal(use.connectCPU, 2)) s connecting, \(Words.decimal(use.measureCPU, 2)) s measuring"
      lines.append("  CPU of \(use.name): \(cpu); \(Words.bytes(use.after)) resident")
    }
    if let beside {
      let cpu = "\(Words.decimal(beside.others, 2)) s measuring, \(Words.decimal(beside.stolen, 2)) s taken by the host"
      lines.append("  CPU of others on this machine: \(cpu)")
    }
    let errors = tally.errors.merging(connecting.errors) { $0 + $1 }.filter { $0.value > 0 }
    for (name, count) in errors.sorted(by: { $0.key < $1.key }) { lines.append("  \(name): \(count)") }
    return lines.joined(separator: "\n")
  }
}
