import IORuntime
import JSONText

/// The phases of a run.
extension Leader {
  /// Everybody comes in; then it is quiet for a while, and an idle connection shows what it costs.
  func connect(_ result: inout RunResult) async throws(WorkerProcess.Gone) {
    let accounts = Accounts(target, testers: workers.map(\.pid))
    let before = await quiet(accounts)
    let begun = Clock.nanoseconds()
    progress.begin()
    let answers = try await all(["do": "connect"])
    let connected = accounts.now()
    result.connectSeconds = Double(Clock.nanoseconds() - begun) / 1_000_000_000
    result.connected = answers.reduce(0) { $0 + ($1["connected"]?.integer ?? 0) }
    // What the check after the measurement says takes the place of this.
    result.verdict.absent = max(0, Int64(scenario.connections) - result.connected)
    for answer in answers { result.connecting.merge(Tally(answer["tally"])) }
    progress.phase = "settle"
    await loop.sleep(Int64(scenario.settle * 1_000))
    let idle = accounts.now()
    result.uses = accounts.names.map { name in
      var use = RunResult.Use()
      use.name = name
      use.connectCPU = accounts.cpu(name, connected, before)
      use.before = before[name]?.own ?? 0
      use.idle = idle[name]?.own ?? 0
      use.after = idle[name]?.resident ?? 0
      return use
    }
    note("\(result.connected) of \(scenario.connections) connected in \(Words.decimal(result.connectSeconds, 1)) s")
    if result.connected == 0 {
      let why = result.connecting.errors.sorted { $0.value > $1.value }.prefix(3).map { "\($0.key) (\($0.value))" }
      throw .init(sentence: "Nobody came in: \(why.joined(separator: ", ")).")
    }
  }

  /// Waits until the target has done with the users and tokens that it was made to write, at most a while: that
  /// work is not what a connection costs.
  private func quiet(_ accounts: Accounts) async -> [String: ProcessUse] {
    progress.phase = "quiet"
    var last = accounts.now()
    for _ in 0..<Self.quietLooksMax where !isStopping {
      await loop.sleep(Self.quietLookMilliseconds)
      let now = accounts.now()
      let used = target.processes.reduce(0) { $0 + accounts.cpu($1.name, now, last) }
      last = now
      if used * 1_000 <= Self.quietShare * Double(Self.quietLookMilliseconds) { break }
    }
    progress.phase = "connect"
    return last
  }

  /// Load, a window, the last answers, and the check.
  func measure(_ result: inout RunResult, rate: Double? = nil, seconds: Double? = nil)
    async throws(WorkerProcess.Gone)
  {
    guard !isStopping else { return }
    let accounts = Accounts(target, testers: workers.map(\.pid))
    let start = Clock.nanoseconds() + Self.headStartMilliseconds * 1_000_000
    let from = start + Int64(scenario.warm * 1_000_000_000)
    let until = from + Int64((seconds ?? scenario.measure) * 1_000_000_000)
    var order: JSONObject = [
      "do": "measure", "start": .integer(start), "from": .integer(from), "until": .integer(until),
      "drain_ms": .integer(Int64(scenario.drain * 1_000)),
    ]
    if let rate { order["rate"] = .number(rate) }
    for worker in workers { worker.tell(.object(order)) }
    progress.phase = "warm"
    try await sleep(until: from)
    let (before, machineBefore) = (accounts.now(), MachineUse.now)
    progress.phase = "measure"
    try await sleep(until: until)
    let (after, machineAfter) = (accounts.now(), MachineUse.now)
    result.seconds = Double(min(Clock.nanoseconds(), until) - from) / 1_000_000_000
    progress.phase = "drain"
    let answers = try await all()
    for place in result.uses.indices {
      let name = result.uses[place].name
      result.uses[place].measureCPU = accounts.cpu(name, after, before)
      result.uses[place].after = after[name]?.resident ?? 0
    }
    // Without the target's processes there is no telling whose the rest is.
    if !target.processes.isEmpty, let machineBefore, let machineAfter {
      let own = result.uses.reduce(0) { $0 + $1.measureCPU }
      result.beside = .init(
        others: max(0, machineAfter.busy - machineBefore.busy - own),
        stolen: max(0, machineAfter.stolen - machineBefore.stolen))
    }
    result.tally = Tally()
    for answer in answers { result.tally.merge(Tally(answer["tally"])) }
    result.delivered = answers.reduce(0) { $0 + ($1["delivered_in_window"]?.integer ?? 0) }
    result.acknowledged = answers.reduce(0) { $0 + ($1["acknowledged_in_window"]?.integer ?? 0) }
    try await check(answers, &result)
  }

  /// Waits, unless somebody ends the run or a worker is gone: what the others measure is no result then.
  private func sleep(until moment: Int64) async throws(WorkerProcess.Gone) {
    while !isStopping, Clock.nanoseconds() < moment {
      if workers.contains(where: \.isGone) { throw .ended }
      await loop.sleep(min(100, max(1, (moment - Clock.nanoseconds()) / 1_000_000)))
    }
  }

  /// Every worker learns what all acknowledgements have promised, and judges its own deliveries by it.
  private func check(_ answers: [JSONValue], _ result: inout RunResult) async throws(WorkerProcess.Gone) {
    let each = answers.map { ($0["heads"]?.array ?? []).map { $0.integer ?? 0 } }
    let promised = (0..<scenario.conversationCount).map { place in
      JSONValue.array(each.map { .integer($0.indices.contains(place) ? $0[place] : 0) })
    }
    let verdicts = try await all([
      "do": "check", "heads": .array(promised), "within_ms": .integer(Int64(scenario.drain * 1_000)),
    ])
    result.verdict = Verdict()
    for verdict in verdicts { result.verdict.merge(Verdict(verdict["verdict"])) }
    result.verdict.inDoubt = answers.reduce(0) { $0 + ($1["in_doubt"]?.integer ?? 0) }
  }

  /// Looks for the highest rate within the bound; the result is that of its last probe which held.
  func search(_ result: inout RunResult) async throws(WorkerProcess.Gone) {
    guard case .open(let first) = scenario.load else { return }
    var search = RateSearch(from: options.rate ?? first)
    result.bound = options.bound
    var best: RunResult?
    var probes: [RunResult.Probe] = []
    while let rate = search.next, !isStopping {
      var probe = result
      try await measure(&probe, rate: rate)
      guard !isStopping else { break }
      let held = holds(probe, rate)
      let p99 = probe.tally.delivery.value(at: 0.99)
      probes.append(.init(rate: rate, held: held, p99: p99))
      note(
        "\(Words.number(rate)) messages/s: p99 \(Words.milliseconds(p99)), "
          + "\(Words.number(probe.messagesPerSecond)) answered/s: \(held ? "held" : "broken")")
      search.probed(held: held)
      if best == nil || held && rate >= search.highestHeld ?? 0 { best = probe }
      // Who was thrown out under too much load has time to come back; what was lost stays lost.
      if !probe.verdict.isKept, !isForgiving {
        best = probe
        break
      }
    }
    if let best { result = best }
    result.probes = probes
  }

  /// Whether a probe kept the bound, and the target, or the tester, kept up with the rate.
  private func holds(_ probe: RunResult, _ rate: Double) -> Bool {
    probe.tally.delivery.count > 0 && Double(probe.tally.delivery.value(at: 0.99)) <= options.bound * 1_000
      // Two messages are what the ends of a window may cut off.
      && Double(probe.acknowledged + 2) >= rate * probe.seconds * 0.98 && isWhole(probe.verdict)
  }

  /// Whether all that was asked for came; what two sockets say at once a broadcaster may put in any order.
  private func isWhole(_ verdict: Verdict) -> Bool {
    guard isForgiving else { return verdict.isClean }
    return verdict.lost == 0 && verdict.repeated == 0 && verdict.foreign == 0 && verdict.absent == 0
  }
}

/// Looks at the processes of a run.
struct Accounts {
  let names: [String]
  private let pids: [(name: String, pid: Int32)]

  init(_ target: Target, testers: [Int32]) {
    pids = target.processes + testers.enumerated().map { ("bench-\($0.offset + 1)", $0.element) }
    names = pids.map(\.name)
  }

  func now() -> [String: ProcessUse] {
    let uses = ProcessUse.now(of: pids.map(\.pid))
    return Dictionary(pids.map { ($0.name, uses[$0.pid] ?? ProcessUse()) }, uniquingKeysWith: { first, _ in first })
  }

  /// Seconds between two looks; a process that was replaced meanwhile counts from nothing.
  func cpu(_ name: String, _ later: [String: ProcessUse], _ earlier: [String: ProcessUse]) -> Double {
    let difference = (later[name]?.cpu ?? 0) - (earlier[name]?.cpu ?? 0)
    return difference >= 0 ? difference : later[name]?.cpu ?? 0
  }
}
