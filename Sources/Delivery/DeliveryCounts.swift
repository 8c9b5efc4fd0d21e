import ChatCore

/// What delivery has done on one loop since it began, and what it holds now.
public struct DeliveryCounts: Sendable, Hashable {
  /// Frames put into send queues.
  public var delivered = 0
  /// How old entries were when they were put there; by the clocks of the database and of this machine.
  public var ages = Durations()
  /// Entries that came from the log because they had not come from the broker.
  public var repaired = 0
  /// Entries that came too early and were held.
  public var held = 0
  /// Entries that came again.
  public var duplicates = 0
  /// Entries that the log does not know, or that came too far ahead to be held.
  public var refused = 0
  /// Comparisons of heads with the log.
  public var headChecks = 0
  /// Rooms in which a head check found entries that no notification had told.
  public var lostFound = 0
  /// Reads of the log that failed, or showed a hole, and were repeated.
  public var failedReads = 0
  /// Holes of logs that rooms have come to believe in: somebody has taken rows out. Each room that comes to one counts
  /// it, once while it remembers (``LogHoles``).
  public var passedOver = 0
  /// Sessions closed because they did not read.
  public var slowReaders = 0
  /// Sessions closed because their sign-in session or account ended.
  public var signedOut = 0
  /// Resumes answered.
  public var resumed = 0
  /// Interruptions of the broker.
  public var interruptions = 0
  /// Changes of presence told to sessions.
  public var presenceTold = 0
  /// Users watched now.
  public var watched = 0
  /// Rooms followed now.
  public var rooms = 0
  /// Sessions attached now.
  public var sessions = 0

  /// Nothing yet.
  public init() {}
}
