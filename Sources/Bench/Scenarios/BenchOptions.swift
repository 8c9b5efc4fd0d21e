/// What the command line asks for.
struct BenchOptions: Sendable {
  /// Why it cannot be done, in one sentence.
  struct Wrong: Error, Sendable, Equatable {
    /// The sentence.
    let sentence: String
  }

  /// Which of a cluster's doors the sockets take.
  enum Doors: String, Sendable, CaseIterable {
    /// The socket nodes in turn.
    case nodes
    /// The load balancer.
    case balancer
  }

  /// The file, or the name of one in `benchmarks/scenarios`.
  var scenario = ""
  /// Where a single server is.
  var target: String?
  /// The `cluster.json` of a local cluster.
  var cluster: String?
  /// By which of its doors.
  var doors = Doors.nodes
  /// What is spoken, if not the scenario's first.
  var wire: Wire?
  /// Sockets instead of the scenario's.
  var connections: Int?
  /// Users instead of the scenario's.
  var users: Int?
  /// Messages a second instead of the scenario's; makes a closed loop an open one.
  var rate: Double?
  /// Seconds of measuring instead of the scenario's.
  var seconds: Double?
  /// Seconds of load before measuring, instead of the scenario's.
  var warm: Double?
  /// Processes that drive; as many as 5,000 connections each need if nobody says.
  var workers: Int?
  /// Addresses of this machine to connect from.
  var sources: [String] = []
  /// The PEM file of the authorities that a secure target's certificate must come from; the system's if none is named.
  var authority: String?
  /// Where the results go as JSON.
  var json: String?
  /// Where the report goes as HTML.
  var report: String?
  /// Whether faults of a plain target, which promises nothing, fail the run too.
  var isStrict = false
  /// Whether the highest rate within ``bound`` is looked for.
  var findsRate = false
  /// Milliseconds that 99 % of deliveries may take in a search.
  var bound: Double = 250
  /// Processes of the target whose CPU and memory are counted.
  var processes: [(name: String, pid: Int32)] = []
  /// Where populations are kept.
  var keep = ".local/bench"
  /// Results to be compared instead of running.
  var compared: [String] = []

  /// What the options are.
  static let usage =
    "bench takes a scenario (a file, or a name in benchmarks/scenarios) and --target URL or --cluster FILE, then "
    + "[--wire native|socketio|plain|socketio-peer|mqtt|xmpp] [--ca FILE.pem] [--through nodes|balancer] "
    + "[--connections N] [--users N] [--rate R] "
    + "[--seconds S] [--warm S] [--workers W] [--sources 127.0.0.2-127.0.0.20] [--pids name=pid,…] [--json FILE] "
    + "[--report FILE.html] [--find-rate] [--p99 250ms] [--strict] [--keep DIRECTORY]; or --compare A.json B.json … "
    + "--report FILE.html."

  /// Workers: more than any machine has cores.
  static let workersMax = 64

  /// Reads the arguments behind `bench`.
  init(_ arguments: [String]) throws(Wrong) {
    var rest = arguments[...]
    var scenarios: [String] = []
    while let argument = rest.popFirst() {
      switch argument {
      case "--find-rate": findsRate = true
      case "--strict": isStrict = true
      case "--compare":
        while let file = rest.first, !file.hasPrefix("--") {
          compared.append(file)
          rest.removeFirst()
        }
        guard compared.count >= 2 else { throw Wrong(sentence: "--compare takes two or more files of results.") }
      case let option where option.hasPrefix("-"):
        guard Self.takesValue.contains(option) else { throw Wrong(sentence: "bench has no option '\(option)'.") }
        guard let value = rest.popFirst(), !value.isEmpty else { throw Wrong(sentence: "\(option) takes a value.") }
        try take(option, value)
      default: scenarios.append(argument)
      }
    }
    try settle(scenarios)
  }

  private static let takesValue: Set<String> = [
    "--target", "--cluster", "--through", "--wire", "--connections", "--users", "--rate", "--seconds", "--warm",
    "--workers", "--sources", "--ca", "--json", "--report", "--p99", "--pids", "--keep",
  ]

  private mutating func take(_ option: String, _ value: String) throws(Wrong) {
    switch option {
    case "--target": target = value
    case "--cluster": cluster = value
    case "--json": json = value
    case "--report": report = value
    case "--keep": keep = value
    case "--ca": authority = value
    case "--through": doors = try Self.word(option, value)
    case "--wire": wire = try Self.word(option, value)
    case "--connections": connections = try Self.whole(option, value, Int(Scenario.connectionsMax))
    case "--users": users = try Self.whole(option, value, Int(Scenario.usersMax))
    case "--workers": workers = try Self.whole(option, value, Self.workersMax)
    case "--rate": rate = try Self.number(option, value, 0.01...1_000_000)
    case "--seconds": seconds = try Self.number(option, value, 1...86_400)
    case "--warm": warm = try Self.number(option, value, 0...600)
    case "--p99": bound = try Self.number(option, value.hasSuffix("ms") ? String(value.dropLast(2)) : value, 1...60_000)
    case "--sources": sources = try Self.addresses(value)
    default: processes = try Self.processes(value)
    }
  }

  private mutating func settle(_ scenarios: [String]) throws(Wrong) {
    if !compared.isEmpty {
      guard scenarios.isEmpty, report != nil else { throw Wrong(sentence: "--compare takes files and --report only.") }
      return
    }
    guard scenarios.count == 1, let only = scenarios.first, !only.isEmpty else {
      throw Wrong(sentence: "bench takes one scenario.")
    }
    scenario = only
    guard (target == nil) != (cluster == nil) else {
      throw Wrong(sentence: "Say what is to be driven: --target URL, or --cluster FILE.")
    }
  }

  private static func word<Word: RawRepresentable & CaseIterable>(_ option: String, _ value: String) throws(Wrong)
    -> Word where Word.RawValue == String
  {
    guard let word = Word(rawValue: value) else {
      throw Wrong(sentence: "\(option) takes \(Word.allCases.map(\.rawValue).joined(separator: " or ")).")
    }
    return word
  }

  private static func whole(_ option: String, _ value: String, _ most: Int) throws(Wrong) -> Int {
    guard let number = Int(value), (1...most).contains(number) else {
      throw Wrong(sentence: "\(option) takes a whole number from 1 to \(most).")
    }
    return number
  }

  private static func number(_ option: String, _ value: String, _ range: ClosedRange<Double>) throws(Wrong) -> Double {
    guard let number = Double(value), range.contains(number) else {
      throw Wrong(sentence: "\(option) takes a number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  /// `127.0.0.2-127.0.0.20`, or addresses by comma.
  static func addresses(_ text: String) throws(Wrong) -> [String] {
    var found: [String] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { number(ofAddress: $0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last,
        last - first < 65_536
      else { throw Wrong(sentence: "--sources takes IPv4 addresses such as 127.0.0.2-127.0.0.20, or some by comma.") }
      for address in first...last {
        found.append([24, 16, 8, 0].map { String(address >> $0 & 0xFF) }.joined(separator: "."))
      }
    }
    return found
  }

  private static func number(ofAddress text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard parts.count == 4 else { return nil }
    var address: UInt32 = 0
    for part in parts {
      guard let part else { return nil }
      address = address << 8 | UInt32(part)
    }
    return address
  }

  private static func processes(_ text: String) throws(Wrong) -> [(name: String, pid: Int32)] {
    var found: [(name: String, pid: Int32)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", omittingEmptySubsequences: false)
      guard pair.count == 2, !pair[0].isEmpty, let pid = Int32(pair[1]), pid > 0 else {
        throw Wrong(sentence: "--pids takes name=pid, several by comma.")
      }
      found.append((String(pair[0]), pid))
    }
    return found
  }
}
