import ChatCore
import Delivery
import IORuntime

/// An event loop as delivery sees it.
final class LoopSurroundings: LoopPorts {
  private let loop: EventLoop
  private var dice = SystemRandomNumberGenerator()

  init(loop: EventLoop) { self.loop = loop }

  var now: Milliseconds { loop.now }

  var wallTime: Timestamp { SystemClock().now }

  @discardableResult
  func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> any Cancellable {
    loop.schedule(after: delay, body)
  }

  func spawn(_ body: @escaping @Sendable () async -> Void) { loop.spawn { await body() } }

  func tellCrowd(_ body: () -> Void) { loop.tellCrowd(body) }

  func random(below bound: UInt64) -> UInt64 { bound == 0 ? 0 : dice.next(upperBound: bound) }
}

extension LoopTimer: Cancellable {}
