import Glibc

/// A moment of the test's own monotonic clock, in microseconds; histories are compared by it.
public typealias Moment = Int64

/// The test's own clock.
public enum Stopwatch {
  /// This moment.
  public static var now: Moment {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000
  }

  /// Waits until the condition holds, looking every 5 ms; false when it does not within that many milliseconds.
  ///
  /// What the test waited for a core (``Starvation``) does not count, for at most four times as long; nor does it end
  /// before half of the looks that the time has room for, which who stood still has not had.
  public static func wait(_ milliseconds: Int64, until condition: () -> Bool) async -> Bool {
    let end = now + milliseconds * 1_000
    let starved = Starvation.waited()
    var looks: Int64 = 0
    while !condition() {
      if now >= end, looks >= milliseconds / 10,
        now >= end + min(4_000 * milliseconds, Starvation.waited() - starved)
      {
        return false
      }
      looks += 1
      try? await Task.sleep(for: .milliseconds(5))
    }
    return true
  }
}
