import Synchronization

/// How a loop does, readable from any thread: for metrics and for the watchdog that tells of stalls.
public final class LoopVitals: Sendable {
  private let longest = Atomic<Int64>(0)
  private let since = Atomic<Int64>(0)
  private let watched = Atomic<Int>(0)
  private let count = Atomic<UInt64>(0)

  /// The longest tick in milliseconds since this was last asked: how late the loop was for everybody else on it.
  public func takeLongestTick() -> Int64 { longest.exchange(0, ordering: .relaxed) }

  /// How many milliseconds the tick that is under way has taken so far; 0 while the loop waits.
  public var busyMilliseconds: Int64 {
    let start = since.load(ordering: .relaxed)
    return start == 0 ? 0 : max(0, EventLoop.monotonicMilliseconds() &- start)
  }

  /// How many descriptors the loop watches.
  public var descriptors: Int { watched.load(ordering: .relaxed) }

  /// How often the loop has woken up: one that rises while nothing happens tells of a descriptor that nobody serves.
  public var ticks: UInt64 { count.load(ordering: .relaxed) }

  func began(at time: Int64, descriptors: Int) {
    since.store(time, ordering: .relaxed)
    watched.store(descriptors, ordering: .relaxed)
    count.store(count.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
  }

  func finished(at time: Int64) {
    let took = time &- since.load(ordering: .relaxed)
    since.store(0, ordering: .relaxed)
    // A reader that takes the figure at this very moment may miss one tick; the next long one is seen again.
    if took > longest.load(ordering: .relaxed) { longest.store(took, ordering: .relaxed) }
  }
}
