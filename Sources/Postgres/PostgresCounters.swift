/// What a pool has counted since it was made, and how it stands now; for metrics.
public struct PostgresCounters: Sendable, Hashable {
  /// Flights (statements with one Sync) that were sent.
  public var sent = 0
  /// Those that the server refused.
  public var refused = 0
  /// Those that were not answered in time, waiting or sent.
  public var timedOut = 0
  /// Those whose connection was lost while they were under way.
  public var lost = 0
  /// Those sent again: after a deadlock or conflict, or when a connection was lost and repeating is harmless.
  public var repeated = 0
  /// Those refused because too many were waiting.
  public var queueFull = 0
  /// Connections that became ready.
  public var connected = 0
  /// Tries to connect that failed.
  public var connectFailures = 0
  /// Notices that the server sent; swallowed.
  public var notices = 0
  /// Ready connections now.
  public var ready = 0
  /// Flights under way now.
  public var underWay = 0
  /// Flights that wait for a connection now.
  public var waiting = 0

  /// All zero.
  public init() {}
}
