import ChatCore
import Delivery
import Glibc
import IORuntime

/// An event loop as delivery sees it.
final class LoopSurroundings: LoopPorts {
  private let loop: EventLoop
  private var dice = Dice()

  init(loop: EventLoop) { self.loop = loop }

  var now: Milliseconds { loop.now }

  var wallTime: Timestamp { SystemClock().now }

  @discardableResult
  func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> any Cancellable {
    loop.schedule(after: delay, body)
  }

  func spawn(_ body: @escaping @Sendable () async -> Void) { loop.spawn { await body() } }

  func tellCrowd(of sessions: Int, _ body: () -> Void) { loop.tellCrowd(of: sessions, body) }

  func random(below bound: UInt64) -> UInt64 { bound == 0 ? 0 : dice.next(upperBound: bound) }
}

extension LoopTimer: Cancellable {}

/// Random numbers of the system's, fetched by the handful: a call for each costs more than what it is for.
private struct Dice: RandomNumberGenerator {
  /// What one call gives at most: 256 bytes.
  private static let atOnce = 32

  private var left: [UInt64] = []

  mutating func next() -> UInt64 {
    if let number = left.popLast() { return number }
    var fresh = [UInt64](repeating: 0, count: Dice.atOnce)
    let isGiven = fresh.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) == 0 }
    left = isGiven ? fresh : []
    if let number = left.popLast() { return number }
    var system = SystemRandomNumberGenerator()
    return system.next()
  }
}
