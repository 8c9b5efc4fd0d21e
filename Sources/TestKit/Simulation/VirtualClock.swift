import ChatCore

/// The wall clock of a simulation: goes with ``VirtualTime``.
public struct VirtualClock: Clock {
  /// 2026-01-01T00:00:00Z.
  static let beginning: Milliseconds = 1_767_225_600_000
  private let time: VirtualTime

  /// Follows that time.
  public init(_ time: VirtualTime) { self.time = time }

  /// The beginning and what has passed since.
  public var now: Timestamp { Timestamp(milliseconds: VirtualClock.beginning + time.now) }
}
