import ChatCore

/// What bounds presence over Redis, each with its unit and reason.
public struct PresenceLimits: Sendable, Hashable {
  /// How fast it is told and forgotten.
  public var times = PresenceTimes()
  /// Users of one script: about 1 ms of Redis however many nodes there are, which nobody waiting behind it notices.
  public var usersPerScript = 1_024
  /// Users looked up at once for those who begin to watch; the rest waits its turn.
  public var usersAskedAtOnce = 2_048
  /// How long it is remembered when a user was last there: 30 days.
  public var seenFor: Milliseconds = 30 * 86_400_000
  /// For how many users of a share: 3.2 million in all, about 300 MB of Redis at the very most.
  public var seenPerShare = 50_000
  /// How long after an interruption those watched are looked up: the other nodes have then said again who is there.
  public var lookAgainAfter: Milliseconds = 2_000

  /// The defaults.
  public init() {}
}

/// What presence has done on one node since it began, and what it holds now.
public struct PresenceCounters: Sendable, Hashable {
  /// Changes said to the others.
  public internal(set) var said = 0
  /// Batches that failed and were said again.
  public internal(set) var failed = 0
  /// Changes heard.
  public internal(set) var heard = 0
  /// Messages that are not ours.
  public internal(set) var malformed = 0
  /// Users looked up.
  public internal(set) var lookedUp = 0
  /// Leases of others that ran out and were cleaned up here.
  public internal(set) var buried = 0
  /// Times that this node was taken for dead, or Redis forgot it, and it began anew.
  public internal(set) var begunAnew = 0
  /// Users with sessions here now.
  public internal(set) var here = 0
  /// Users watched from here now.
  public internal(set) var watched = 0
}
