import ChatCore

/// The wall clock of a simulation: goes with ``VirtualTime``.
public struct VirtualClock: Clock {
  private let time: VirtualTime

  /// Follows that time.
  public init(_ time: VirtualTime) { self.time = time }

  /// 2026-01-01T00:00:00Z and what has passed since the beginning.
  public var now: Timestamp { Timestamp(milliseconds: 1_767_225_600_000 + time.now) }
}
