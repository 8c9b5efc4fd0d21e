import ChatCore

/// Buckets that somebody else held when something was to be stored in them, and when each is tried again.
///
/// Most are held for the moment of a commit, few for long, and nobody can tell them apart. So each is tried again, by
/// the way that waits for nobody, after a pause that grows; and the few that may wait on the server take turns at it:
/// those that have waited in vain come after those that have not.
///
/// - Units: milliseconds, monotonic.
/// - Limits: as many as there are lanes, at most 4096.
struct LockedLanes {
  /// A commit's time; tried sooner it would mostly be found held again.
  static let pauseFirst: Int64 = 5
  /// What a bucket that was held for long is late at most; tried more often, sixty of them would cost the server more
  /// than all that is stored beside them.
  static let pauseMost: Int64 = 50
  /// How many messages of a lane go along when it is only tried: most tries are in vain, and their texts sent for
  /// nothing.
  static let triedMax = 16
  /// How long one may wait on the server while others want to: long for who is held by a commit, short for who has
  /// sixty before him.
  static let turn: Int64 = 100
  /// So long before its oldest send's time is over a turn ends, a round trip on a busy machine: at that time the
  /// connection would be closed, with all that others have on it. Who has no time for a turn is refused.
  static let turnMargin: Int64 = 50

  private struct Trial {
    var pauses: Int64 = 0
    var turns = 0
    var since: Int64
    /// When it is tried again; nil while it is being tried.
    var next: Int64?
  }

  private var trials: [Bucket: Trial] = [:]

  var isEmpty: Bool { trials.isEmpty }

  func contains(_ bucket: Bucket) -> Bool { !trials.isEmpty && trials[bucket] != nil }

  /// Somebody else held it.
  mutating func found(_ bucket: Bucket, at now: Int64) {
    var trial = trials[bucket] ?? Trial(since: now)
    trial.pauses += 1
    trial.next = now + min(Self.pauseFirst * trial.pauses, Self.pauseMost)
    trials[bucket] = trial
  }

  /// It has waited on the server in vain.
  mutating func waitedInVain(_ bucket: Bucket, at now: Int64) {
    found(bucket, at: now)
    trials[bucket]?.turns += 1
  }

  /// It is held no more, or nothing wants it.
  mutating func forget(_ bucket: Bucket) { if !trials.isEmpty { trials[bucket] = nil } }

  /// Whether one besides those that are being tried wants to wait.
  var haveMore: Bool { trials.values.contains { $0.next != nil } }

  /// How long a turn on the server may last where `left` is what its oldest send has; nil: as long as the server lets
  /// it, which is `serverMost`.
  static func turn(isShared: Bool, left: Int64, serverMost: Int64) -> Int64? {
    let most = max(1, left - turnMargin)
    return isShared ? min(turn, most) : most < serverMost ? most : nil
  }

  /// What a send must have left to be worth a try.
  static func timeLeast(waiting: Bool) -> Int64 { turnMargin + (waiting ? turn : 0) }

  /// The next moment at which one is to be tried.
  var next: Int64? { trials.values.lazy.compactMap(\.next).min() }

  /// Takes those that are to be tried now.
  mutating func takeDue(at now: Int64) -> [Bucket] {
    let due = trials.filter { $0.value.next.map { $0 <= now } ?? false }.keys.sorted()
    for bucket in due { trials[bucket]?.next = nil }
    return due
  }

  /// Takes the one whose turn it is to wait.
  mutating func takeTurn() -> Bucket? {
    let bucket = trials.lazy.filter { $0.value.next != nil }
      .min { ($0.value.turns, $0.value.since, $0.key) < ($1.value.turns, $1.value.since, $1.key) }?.key
    if let bucket { trials[bucket]?.next = nil }
    return bucket
  }
}
