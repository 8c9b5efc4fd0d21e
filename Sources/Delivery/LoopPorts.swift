import ChatCore

/// The event loop as delivery sees it: its clock, its timers, its tasks, its dice. Node fills it, and so does the
/// simulation.
///
/// - Isolation: everything here is called on the loop, and calls back on it.
public protocol LoopPorts: AnyObject {
  /// Milliseconds of a clock that never goes back.
  var now: Milliseconds { get }
  /// What the clock on the wall shows: for ages only, since it may be set.
  var wallTime: Timestamp { get }
  /// Runs `body` once after that many milliseconds, never before this call returns.
  @discardableResult
  func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> any Cancellable
  /// Starts `async` code that stays on the loop; it may begin before this call returns.
  ///
  /// The task needs the loop as its executor *preference*: one that is only started on the loop, or on an actor there,
  /// wanders off to the global pool at its first `await`.
  func spawn(_ body: @escaping @Sendable () async -> Void)
  /// Runs `body`, which tells so many sessions one thing: what it puts into send queues leaves after what few are
  /// told, in its turn among others who are many, and the more slowly the more they are.
  func tellCrowd(of sessions: Int, _ body: () -> Void)
  /// So many bytes from there on are used soon: their memory may come while something else is done. Any address will
  /// do.
  func expect(_ address: UnsafeRawPointer, _ bytes: UInt32)
  /// A number from 0 up to, not including, `bound`; for jitter, not for secrets.
  func random(below bound: UInt64) -> UInt64
}

/// A timer that can be taken back.
public protocol Cancellable: AnyObject {
  /// It will not run; harmless when it already has.
  func cancel()
}

extension LoopPorts {
  /// Needs nothing: a loop that is not real has no memory to wait for.
  public func expect(_ address: UnsafeRawPointer, _ bytes: UInt32) {}

  /// When one of many that are to leave within `spread` leaves: each at a moment of its own, so that they do not arrive
  /// elsewhere at once.
  public func ownMoment(within spread: Milliseconds) -> Milliseconds {
    Milliseconds(random(below: UInt64(max(1, spread))))
  }

  /// A wait that doubles with each failure up to `most`, between half of it and all of it, so that many do not return
  /// at once.
  func backOff(after failures: Int, first: Milliseconds, most: Milliseconds) -> Milliseconds {
    let full = min(most, first << Int64(min(max(failures - 1, 0), 16)))
    return full / 2 + Milliseconds(random(below: UInt64(max(1, full / 2))))
  }
}
