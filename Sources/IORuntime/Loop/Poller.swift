import CLinux
import Glibc

/// What a descriptor is ready for, or watched for.
public struct PollEvents: OptionSet, Sendable {
  /// The epoll bits.
  public let rawValue: UInt32
  /// Takes epoll bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Bytes, or a connection, or the end can be read.
  public static let read = PollEvents(rawValue: EPOLLIN.rawValue)
  /// Bytes can be written.
  public static let write = PollEvents(rawValue: EPOLLOUT.rawValue)
  /// The peer has shut down its writing half.
  public static let readEnd = PollEvents(rawValue: EPOLLRDHUP.rawValue)
  /// Both halves are down; always reported.
  public static let hangUp = PollEvents(rawValue: EPOLLHUP.rawValue)
  /// An error is pending on the descriptor; always reported.
  public static let error = PollEvents(rawValue: EPOLLERR.rawValue)
  /// Reports a change once instead of a state again and again; alone it keeps a hang-up from being reported for ever.
  public static let edge = PollEvents(rawValue: EPOLLET.rawValue)
}

/// Who is told that a descriptor is ready.
public protocol Pollable: AnyObject {
  /// The descriptor is ready for these; level-triggered, so what is left over is reported again.
  func ready(_ events: PollEvents)
  /// The loop has stopped and lets go of the handler without being asked; by default nothing is done.
  func abandoned()
}

extension Pollable {
  /// Does nothing.
  public func abandoned() {}
}

/// A descriptor that a loop watches. Ended explicitly, on the loop; the descriptor is closed by its owner afterwards.
public struct Watch {
  fileprivate let poller: Poller
  fileprivate let descriptor: CInt
  fileprivate let token: UInt64

  /// Watches for these from now on.
  public func change(to interest: PollEvents) { poller.change(self, to: interest) }

  /// Watches no more and lets go of the handler; harmless a second time.
  public func end() { poller.end(self) }
}

/// epoll, level-triggered, over a table of slots; a token is slot and generation, so that a late event finds nobody.
final class Poller {
  static let wakeupToken = UInt64.max
  private static let eventsMax = 512

  private struct Slot {
    var generation: UInt32
    var handler: (any Pollable)?
  }

  private let epoll: CInt
  private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Poller.eventsMax)
  private var slots: [Slot] = []
  private var free: [UInt32] = []

  /// How many descriptors are watched.
  var watched: Int { slots.count &- free.count }

  init() throws(SystemError) {
    epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
    guard epoll >= 0 else { throw SystemError(call: "epoll_create1") }
  }

  deinit {
    events.deallocate()
    close(epoll)
  }

  func add(_ descriptor: CInt, interest: PollEvents, token: UInt64) throws(SystemError) {
    var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: token))
    guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw SystemError(call: "epoll_ctl") }
  }

  func watch(_ descriptor: CInt, _ interest: PollEvents, _ handler: any Pollable) throws(SystemError) -> Watch {
    let index: UInt32
    if let reused = free.popLast() {
      index = reused
    } else {
      index = UInt32(truncatingIfNeeded: slots.count)
      slots.append(Slot(generation: 0, handler: nil))
    }
    let token = UInt64(slots[Int(index)].generation) << 32 | UInt64(index)
    do {
      try add(descriptor, interest: interest, token: token)
    } catch {
      free.append(index)
      throw error
    }
    slots[Int(index)].handler = handler
    return Watch(poller: self, descriptor: descriptor, token: token)
  }

  func change(_ watch: Watch, to interest: PollEvents) {
    guard handler(of: watch.token) != nil else { return }
    var event = epoll_event(events: interest.rawValue, data: epoll_data_t(u64: watch.token))
    _ = epoll_ctl(epoll, EPOLL_CTL_MOD, watch.descriptor, &event)
  }

  func end(_ watch: Watch) {
    guard handler(of: watch.token) != nil else { return }
    var event = epoll_event()
    _ = epoll_ctl(epoll, EPOLL_CTL_DEL, watch.descriptor, &event)
    let index = Int(truncatingIfNeeded: watch.token & 0xFFFF_FFFF)
    slots[index].handler = nil
    slots[index].generation &+= 1
    free.append(UInt32(index))
  }

  func dispatch(_ token: UInt64, _ ready: PollEvents) { handler(of: token)?.ready(ready) }

  private func handler(of token: UInt64) -> (any Pollable)? {
    let index = Int(truncatingIfNeeded: token & 0xFFFF_FFFF)
    guard index < slots.count, slots[index].generation == UInt32(truncatingIfNeeded: token >> 32) else { return nil }
    return slots[index].handler
  }

  /// Lets go of every handler; those that close their descriptors may end their watches meanwhile.
  func abandonAll() {
    for index in slots.indices {
      guard let handler = slots[index].handler else { continue }
      slots[index].handler = nil
      slots[index].generation &+= 1
      free.append(UInt32(truncatingIfNeeded: index))
      handler.abandoned()
    }
  }

  /// Waits up to that many milliseconds (-1 for ever), says when the wait is over, and tells of each ready descriptor.
  func wait(timeout: Int32, over: () -> Void, each: (UInt64, PollEvents) -> Void) {
    let count = epoll_wait(epoll, events, CInt(Poller.eventsMax), timeout)
    over()
    guard count > 0 else { return }
    for index in 0..<Int(count) {
      each(events[index].data.u64, PollEvents(rawValue: events[index].events))
    }
  }
}
