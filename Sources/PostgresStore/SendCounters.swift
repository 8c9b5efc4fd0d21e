import ChatCore

/// What the lanes of a loop have counted; for metrics.
public struct SendCounters: Sendable, Hashable {
  /// Transactions sent.
  public var transactions = 0
  /// How long transactions took, those that failed too.
  public var commits = Durations()
  /// Batches sent, each of one bucket.
  public var batches = 0
  /// Messages stored.
  public var stored = 0
  /// Sends that had been stored before.
  public var repeated = 0
  /// Sends refused, by the rules or because the database was away.
  public var refused = 0
  /// Batches that found their bucket held by somebody else, and were tried again; each time counts.
  public var lockedOut = 0
  /// Sends tried again after a lost connection.
  public var retried = 0
  /// Sends that wait or are under way now.
  public var unanswered = 0

  /// All zero.
  public init() {}
}
