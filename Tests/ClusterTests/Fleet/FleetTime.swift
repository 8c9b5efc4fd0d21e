import ChatCore
import IORuntime
import MemoryAdapters
import TestKit

/// The time of a modelled Redis: that of a simulation, or of a real loop when a contract runs on it.
protocol FleetTime: AnyObject {
  var now: Milliseconds { get }
  /// Of the day.
  var wall: Milliseconds { get }
  func after(_ delay: Milliseconds, _ body: @escaping () -> Void)
}

extension VirtualTime: FleetTime {
  var wall: Milliseconds { VirtualClock(self).now.milliseconds }

  func after(_ delay: Milliseconds, _ body: @escaping () -> Void) { schedule(after: delay, body) }
}

/// A real loop's time.
final class LoopTime: FleetTime {
  private let loop: EventLoop

  init(_ loop: EventLoop) { self.loop = loop }

  var now: Milliseconds { EventLoop.monotonicMilliseconds() }
  var wall: Milliseconds { WallClock().now.milliseconds }

  func after(_ delay: Milliseconds, _ body: @escaping () -> Void) { loop.schedule(after: delay, body) }
}
