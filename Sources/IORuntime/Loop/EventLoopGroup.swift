/// The loops of a process, one a core.
public final class EventLoopGroup: Sendable {
  /// The loops, in the order of their numbers; never empty.
  public let loops: [EventLoop]

  /// Makes `count` loops, at least one, named `prefix-0`, `prefix-1` …, none of them running.
  ///
  /// - Throws: ``SystemError`` when the process has no descriptors left.
  public init(count: Int, name prefix: String = "loop") throws(SystemError) {
    var made: [EventLoop] = []
    for index in 0..<max(1, count) { made.append(try EventLoop(name: "\(prefix)-\(index)")) }
    loops = made
  }

  /// Starts a thread for each loop.
  public func start() throws(SystemError) {
    MemoryTrim.keepForNextTick()
    for loop in loops { try loop.start() }
  }

  /// Asks every loop to stop; returns at once.
  public func stop() {
    for loop in loops { loop.stop() }
  }

  /// Blocks the calling thread until every loop has stopped; never call it on one of them.
  public func join() {
    for loop in loops { loop.join() }
  }
}
