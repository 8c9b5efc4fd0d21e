/// Whether a replica is asked: after some failures in a row it is left alone for a while, then tried by one page.
///
/// Being behind is a failure too: a replica that lags costs every page a question that leads to nothing. But it may be
/// behind in one conversation only, or by a moment only, so that it is tried again soon.
struct ReplicaCircuit: Equatable {
  /// Failures in a row that are taken for chance: a page asked right after a message is often early.
  static let failuresMax = 5
  /// The first rest in milliseconds; doubled each time.
  static let restFirst: Int64 = 500
  /// The rest of one that is behind: a replica that lags for minutes is asked four times a second in vain.
  static let restBehind: Int64 = 250
  /// The longest rest: a replica that is back is used within this.
  static let restMost: Int64 = 15_000

  private(set) var failures = 0
  private var restsUntil: Int64 = 0
  private var trial = false

  /// Whether a page may be asked now; the one that is let through after a rest is a trial, and others wait for it.
  mutating func mayAsk(at now: Int64) -> Bool {
    if failures < Self.failuresMax { return true }
    guard now >= restsUntil, !trial else { return false }
    trial = true
    return true
  }

  /// A page came.
  mutating func served() { self = ReplicaCircuit() }

  /// None came, or one that was too old. `chance` is between 0 and 1, so that nodes do not come back together.
  mutating func failed(behind: Bool = false, at now: Int64, chance: Double) {
    trial = false
    let most = behind ? max(failures, Self.failuresMax) : Self.failuresMax + 16
    failures = min(failures + 1, most)
    guard failures >= Self.failuresMax else { return }
    let growing = min(Self.restMost, Self.restFirst << Int64(failures - Self.failuresMax))
    let rest = behind ? Self.restBehind : growing
    restsUntil = now + rest / 2 + Int64(Double(rest / 2) * chance)
  }
}
