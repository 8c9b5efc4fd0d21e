import ChatCore
import Glibc
import Synchronization

/// The machine's wall clock.
public struct WallClock: Clock {
  /// Needs nothing.
  public init() {}

  /// Now, by `CLOCK_REALTIME`.
  public var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

/// A clock that stands still until it is told to go on: for tests and simulation.
///
/// - Isolation: thread-safe.
public final class ManualClock: Clock {
  private let time: Mutex<Timestamp>

  /// Stands at that moment; by default 2026-01-01T00:00:00Z.
  public init(at moment: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) { time = Mutex(moment) }

  /// The moment at which it stands.
  public var now: Timestamp { time.withLock { $0 } }

  /// Goes on.
  public func advance(by milliseconds: Milliseconds) {
    time.withLock { $0 = $0.adding(milliseconds: milliseconds) }
  }
}
