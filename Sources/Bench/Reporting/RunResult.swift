import JSONText

/// Everything that a run has measured: what the JSON file holds, and what reports are made from.
///
/// - Shape: `{"schema": 1, "scenario": {…}, "wire", "target", "machine": {…}, "connect": {…}, "idle": {…},
///   "measure": {…}, "verdict": {…}, "series": […], "histograms": {name: pairs}, "processes": […], "search": {…}}`;
///   where the target's processes are known also `"beside": {"others_cpu_s", "stolen_cpu_s"}`.
struct RunResult: Sendable {
  /// The version of the shape.
  static let schema: Int64 = 1

  /// One second of the run.
  struct Second: Sendable, Equatable {
    /// Seconds since the run began.
    var at = 0.0
    /// `connect`, `warm`, `measure`, `drain`.
    var phase = ""
    /// Sockets that are in.
    var connected: Int64 = 0
    /// Messages sent in it.
    var sent: Int64 = 0
    /// Deliveries in it.
    var delivered: Int64 = 0
    /// All that went wrong so far.
    var errors: Int64 = 0
    /// Half of its deliveries took at most so many microseconds.
    var p50: Int64 = 0
    /// 99 % took at most so many.
    var p99: Int64 = 0
  }

  /// What one process of the target, or of the tester, has used.
  struct Use: Sendable, Equatable {
    /// `socket-1`; `bench` is the tester itself.
    var name = ""
    /// CPU-seconds while connecting.
    var connectCPU = 0.0
    /// CPU-seconds while measuring.
    var measureCPU = 0.0
    /// Bytes of its own before the first connection.
    var before = 0.0
    /// Bytes of its own with all of them idle.
    var idle = 0.0
    /// Resident bytes at the end, its part of what is shared included.
    var after = 0.0

    /// Whether it is the tester's.
    var isTester: Bool { name.hasPrefix("bench") }
  }

  /// What ran on the machine's cores besides the target and the tester while measuring.
  struct Beside: Sendable, Equatable {
    /// CPU-seconds of other processes and of the system's own threads, at least.
    var others = 0.0
    /// CPU-seconds that the host of a virtual machine gave to others.
    var stolen = 0.0
  }

  /// One probe of a search.
  struct Probe: Sendable, Equatable {
    /// Messages a second that were asked for.
    var rate = 0.0
    /// Whether the bound held.
    var held = false
    /// Microseconds that 99 % of deliveries took at most.
    var p99: Int64 = 0
  }

  /// The scenario as it was run.
  var scenario: JSONValue
  /// What was spoken.
  var wire: String
  /// The target's address.
  var target: String
  /// When it began, RFC 3339.
  var begun: String
  /// The machine.
  var machine: JSONValue
  /// Processes that drove.
  var workers: Int64 = 1
  /// Sockets that came in.
  var connected: Int64 = 0
  /// Seconds of making users, conversations and tokens: no part of what follows.
  var prepareSeconds = 0.0
  /// Seconds until they all were.
  var connectSeconds = 0.0
  /// Seconds of the window.
  var seconds = 0.0
  /// Deliveries within the window.
  var delivered: Int64 = 0
  /// Messages that were acknowledged within it; of a plain target, those that came back.
  var acknowledged: Int64 = 0
  /// Counters and latencies of the window and its drain.
  var tally = Tally()
  /// Counters and latencies of connecting.
  var connecting = Tally()
  /// What the check has found.
  var verdict = Verdict()
  /// Second by second.
  var series: [Second] = []
  /// Process by process.
  var uses: [Use] = []
  /// What shared the cores; nil where the target's processes are not known.
  var beside: Beside?
  /// The probes of a search, and its bound in milliseconds.
  var probes: [Probe] = []
  /// Milliseconds; 0 without a search.
  var bound = 0.0
  /// Whether it was stopped before its end.
  var isCutShort = false

  /// Nothing measured yet.
  init(scenario: JSONValue, wire: Wire, target: String, begun: String, machine: JSONValue) {
    self.scenario = scenario
    self.wire = wire.rawValue
    self.target = target
    self.begun = begun
    self.machine = machine
  }

  /// The scenario's title.
  var title: String { scenario["title"]?.string ?? "" }
  /// The scenario's name and the wire.
  var name: String { "\(scenario["name"]?.string ?? "run") (\(wire))" }
  /// CPU-seconds of the target while measuring.
  var targetCPU: Double { uses.filter { !$0.isTester }.reduce(0) { $0 + $1.measureCPU } }
  /// CPU-seconds of the tester while measuring.
  var testerCPU: Double { uses.filter(\.isTester).reduce(0) { $0 + $1.measureCPU } }
  /// CPU-seconds of the target while connecting.
  var connectCPU: Double { uses.filter { !$0.isTester }.reduce(0) { $0 + $1.connectCPU } }
  /// Messages that were acknowledged, a second.
  var messagesPerSecond: Double { seconds > 0 ? Double(acknowledged) / seconds : 0 }
  /// Deliveries a second.
  var deliveriesPerSecond: Double { seconds > 0 ? Double(delivered) / seconds : 0 }
  /// The highest rate of a search that held.
  var highestHeld: Double? {
    let rates = Dictionary(grouping: probes, by: \.rate)
    return rates.filter { $0.value.count { $0.held } > $0.value.count { !$0.held } }.keys.max()
  }
  /// The latencies by name.
  var histograms: [(name: String, histogram: Histogram)] {
    tally.histograms + connecting.histograms.filter { own in !tally.histograms.contains { $0.name == own.name } }
  }
}
