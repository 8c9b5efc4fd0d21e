/// When which node of a cluster is asked who has which slots; pure, its clock and dice are its caller's.
///
/// Asked every half minute while all is well; soon, and with growing pauses, while it is not; never more often than
/// every tenth of a second. Who did not answer is asked last.
///
/// - Units: milliseconds.
/// - Source: reliability.md A3.3, point 2.
struct RefreshPlan {
  /// Between two questions at least.
  static let gap: Int64 = 100
  /// Between two questions at most while a master is away: what a failover waits for us once the cluster knows.
  static let restless: Int64 = 1_000
  /// The same once ``restlessMax`` questions have not helped: nobody fails over that late, and a thousand loops are not
  /// to keep what is left of the cluster busy.
  static let resigned: Int64 = 5_000
  /// About half a minute of them.
  static let restlessMax = 60
  /// Between two questions while all is well.
  static let calm: Int64 = 30_000

  private let seeds: [RedisAddress]
  private let calm: Int64
  private var nodes: [RedisAddress] = []
  private var silent: Set<RedisAddress> = []
  private var turn: Int
  private var asked: Int64?
  private var pauses = 0
  private var failures = 0
  private var newest: Int64 = 0
  private var olderInRow = 0

  /// Begins with the seeds, at any of them, so that not all nodes of ours ask the same.
  init(seeds: [RedisAddress], calm: Int64 = RefreshPlan.calm, using random: inout some RandomNumberGenerator) {
    self.seeds = seeds
    self.calm = calm
    turn = seeds.isEmpty ? 0 : Int.random(in: 0..<seeds.count, using: &random)
  }

  /// All that may be asked, without repetition: those that the last answer named, and the seeds.
  private var known: [RedisAddress] { nodes + seeds.filter { !nodes.contains($0) } }

  /// Something is not as the last answer said; when to ask.
  func soon(after now: Int64, using random: inout some RandomNumberGenerator) -> Int64 {
    let earliest = asked.map { max(now, $0 + RefreshPlan.gap) } ?? now
    return earliest + Int64.random(in: 0...RefreshPlan.gap / 2, using: &random)
  }

  /// A question is asked; whom.
  mutating func ask(at now: Int64) -> RedisAddress? {
    asked = now
    let all = known
    guard !all.isEmpty else { return nil }
    turn = (turn + 1) % all.count
    let order = all[turn...] + all[..<turn]
    return order.first { !silent.contains($0) } ?? order.first
  }

  /// Who was asked has not answered, or with nonsense; when to ask the next: at once, unless nobody answers.
  mutating func failed(
    _ address: RedisAddress, at now: Int64, using random: inout some RandomNumberGenerator
  ) -> Int64 {
    silent.insert(address)
    if silent.count >= known.count { silent = [address] }
    failures += 1
    return failures < known.count
      ? soon(after: now, using: &random) : next(after: now, allIsWell: false, using: &random)
  }

  /// Who was asked has answered; whether that is to be believed.
  ///
  /// A node that has just come back, or is cut off, tells what was: an older epoch is believed only when everybody
  /// tells an older one, as after a cluster was made anew.
  mutating func answered(_ address: RedisAddress, _ map: ClusterMap) -> Bool {
    silent.remove(address)
    failures = 0
    if map.epoch > 0, map.epoch < newest {
      olderInRow += 1
      guard olderInRow > known.count else { return false }
    }
    olderInRow = 0
    newest = map.epoch
    nodes = map.nodes
    silent.formIntersection(known)
    return true
  }

  /// When to ask again after an answer, or none.
  mutating func next(after now: Int64, allIsWell: Bool, using random: inout some RandomNumberGenerator) -> Int64 {
    guard !allIsWell else {
      pauses = 0
      // Apart, so that the loops of a cluster's nodes, which an outage has set to one moment, do not stay in step.
      return now + Int64.random(in: calm * 9 / 10...calm, using: &random)
    }
    let span = pauses < RefreshPlan.restlessMax ? RefreshPlan.restless : RefreshPlan.resigned
    let most = min(span, RefreshPlan.gap << Int64(min(pauses, 8)))
    pauses += 1
    return now + Int64.random(in: RefreshPlan.gap...most, using: &random)
  }
}
