/// How fast a vast crowd is told: evenly over a while instead of as fast as it goes.
///
/// A message to ten thousand is work for all cores at once: for each node's loop, and for whoever reads. Told as fast
/// as it goes, everybody else waits for a core meanwhile, on this loop and on others. Spread, each slice is short and
/// what comes between finds a core; and who is told again before it was his turn has both in one write.
///
/// Those who join within a moment are a wave, and each wave has a time by which it is to have been told:
/// ``microsecondsEach`` for each who waits, at most ``spreadMax``. The pace is the slowest that is even and keeps all
/// of these times. After each slice the loop rests, also when it is behind, since then others want the cores; only who
/// is past his time is told a slice in each tick.
///
/// - Units: microseconds of the queue's clock.
/// - Limits: ``wavesMax`` waves; what comes beyond joins the last of them.
struct CrowdPace {
  /// A larger crowd is paced. The first thousand are told in some 15 ms, a twentieth of what a delivery may take.
  static let vastAbove = 1_024
  /// Four times what telling one takes (15 µs): three quarters of the loop's time are left.
  static let microsecondsEach: Int64 = 60
  /// What a delivery may take (250 ms) less what its way to here does, and some for a machine that is busy. All cores
  /// are wanted meanwhile, by readers too: the longer it takes, the more of them are left to others.
  static let spreadMax: Int64 = 200_000
  /// How long the crowd rests after a slice: what comes is done at once. A slice of two dozen costs many times what
  /// waking does.
  static let restMilliseconds: Int32 = 1
  /// Joining within so long is one wave: each tick of a busy loop would be one else.
  private static let waveMicroseconds: Int64 = 5_000
  /// Half as many again as ``spreadMax`` can hold: more are only there when the loop is behind, and then all are due.
  private static let wavesMax = 64

  private struct Wave {
    let joined: Int64
    var deadline: Int64
    var count: Int
  }

  private var waves: [Wave] = []
  private var restsUntil: Int64 = 0
  /// Up to when those who were due have been told.
  private var toldUpTo: Int64 = 0

  /// How many waves wait.
  var waveCount: Int { waves.count }

  /// So many have joined, so that `waiting` wait.
  mutating func joined(_ count: Int, waiting: Int, at now: Int64) {
    if waves.isEmpty { toldUpTo = now }
    let deadline = now &+ min(Self.spreadMax, Int64(waiting) * Self.microsecondsEach)
    guard let last = waves.indices.last,
      now &- waves[last].joined < Self.waveMicroseconds || waves.count >= Self.wavesMax
    else { return waves.append(Wave(joined: now, deadline: deadline, count: count)) }
    waves[last].count += count
    waves[last].deadline = max(waves[last].deadline, deadline)
  }

  /// Whether the time of those who wait longest is over.
  func isOverdue(at now: Int64) -> Bool { waves.first.map { $0.deadline <= now } ?? false }

  /// Whether the last slice was a moment ago, and nobody is past his time.
  func rests(at now: Int64) -> Bool { now < restsUntil && !isOverdue(at: now) }

  /// How many are to be told now.
  func due(at now: Int64) -> Int {
    let passed = now &- toldUpTo
    var (waiting, most) = (0, 0)
    for wave in waves {
      waiting += wave.count
      let left = wave.deadline &- toldUpTo
      most = max(most, passed >= left ? waiting : waiting * Int(passed) / Int(left))
    }
    return most
  }

  /// So many of those who were due at that time have been told by `end`, the longest waiting first.
  mutating func told(_ count: Int, of due: Int, at now: Int64, until end: Int64) {
    restsUntil = end &+ Int64(Self.restMilliseconds) * 1_000
    toldUpTo = count >= due ? now : toldUpTo &+ (now &- toldUpTo) * Int64(count) / Int64(due)
    var left = count
    while let first = waves.first, left >= first.count {
      left -= first.count
      waves.removeFirst()
    }
    if !waves.isEmpty { waves[0].count -= left }
  }
}
