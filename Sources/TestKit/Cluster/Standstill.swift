import Glibc
import Synchronization

/// The moments in which this process stood still while one of these lives: a thread that wants to run every 5 ms sees
/// how late it comes.
///
/// A promise of so many seconds is the program's, and a machine that others use may stop a test in the middle of it for
/// a second of its own. That second is taken off what the test judges.
/// - Limits: a stop below 20 ms counts as none, since sleeping is not exact. A server that waits for a core while this
///   process runs is not seen; ``Starvation`` tells of those.
/// - Isolation: thread-safe.
public final class Standstill: Sendable {
  /// A stop, in microseconds of ``Stopwatch``.
  typealias Stop = Range<Moment>

  private final class Record: Sendable {
    let isOver = Atomic(false)
    let seen: Mutex<(stops: [Stop], last: Moment)> = Mutex(([], Stopwatch.now))

    /// Says that the thread runs now, and gives all stops up to now.
    @discardableResult func beat(_ isThread: Bool = false) -> [Stop] {
      seen.withLock { seen in
        let now = Stopwatch.now
        let stop = seen.last + 5_000..<max(now, seen.last + 5_000)
        let isOne = now - seen.last > Standstill.leastSeen
        // Whoever asks may be the first that goes on.
        guard isThread else { return isOne ? seen.stops + [stop] : seen.stops }
        if isOne { seen.stops.append(stop) }
        seen.last = now
        return seen.stops
      }
    }
  }

  /// Microseconds; a sleep of 5 ms takes less than these where nothing is in its way.
  private static let leastSeen: Moment = 25_000
  private let record = Record()

  /// Begins to look.
  public init() throws {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(record)
    let code = pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        let record = Unmanaged<Record>.fromOpaque(raw).takeRetainedValue()
        while !record.isOver.load(ordering: .relaxed) {
          usleep(5_000)
          record.beat(true)
        }
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw PrivatePostgres.Failure(what: "a thread: error \(code)")
    }
    pthread_detach(thread)
  }

  deinit { record.isOver.store(true, ordering: .relaxed) }

  /// Milliseconds from one moment of ``Stopwatch`` to another without those in which the process stood still.
  public func took(from begin: Moment, to end: Moment = Stopwatch.now) -> Int64 {
    Standstill.rest(of: begin..<max(begin, end), without: record.beat()) / 1_000
  }

  /// Microseconds of all stops so far; only ever grows.
  public var stood: Moment { record.beat().reduce(0) { $0 + Moment($1.count) } }

  static func rest(of time: Range<Moment>, without stops: [Stop]) -> Moment {
    stops.reduce(Moment(time.count)) { $0 - Moment(time.clamped(to: $1).count) }
  }
}
