import ChatCore
import Delivery
import IORuntime

/// An event loop as delivery sees it.
final class LoopSurroundings: LoopPorts {
  private let loop: EventLoop
  private let dice: Dice

  init(loop: EventLoop, dice: Dice) {
    self.loop = loop
    self.dice = dice
  }

  var now: Milliseconds { loop.now }

  var wallTime: Timestamp { SystemClock().now }

  @discardableResult
  func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> any Cancellable {
    loop.schedule(after: delay, body)
  }

  func spawn(_ body: @escaping @Sendable () async -> Void) { loop.spawn { await body() } }

  func tellCrowd(of sessions: Int, _ body: () -> Void) { loop.tellCrowd(of: sessions, body) }

  func expect(_ address: UnsafeRawPointer, _ bytes: UInt32) { EventLoop.expect(address, bytes) }

  func random(below bound: UInt64) -> UInt64 { dice.next(below: bound) }
}

extension LoopTimer: Cancellable {}
