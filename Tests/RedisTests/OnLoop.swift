import IORuntime
import Testing

@testable import Redis

/// Runs `body` on a loop of its own, which ends with it.
func onLoop<Value: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> Value) async throws -> Value {
  let loop = try EventLoop(name: "redis-test")
  try loop.start()
  defer { loop.stop() }
  let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
    loop.spawn {
      do {
        continuation.resume(returning: .success(try await body(loop)))
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
  }
  return try result.get()
}

/// What ``eventually(within:on:_:)`` waited for did not happen.
struct NeverHappened: Error {
  let after: Int64
}

/// Waits until `condition` holds, at most that many milliseconds; gives how long it took.
///
/// Closures stand outside of `#require` and `#expect`: Swift 6.3.1 takes a closure inside such a macro and one outside
/// of it in the same function for each other.
@discardableResult
func eventually(within most: Int64, on loop: EventLoop, _ condition: () -> Bool) async throws -> Int64 {
  let start = EventLoop.monotonicMilliseconds()
  while !condition() {
    guard EventLoop.monotonicMilliseconds() - start < most else { throw NeverHappened(after: most) }
    await loop.sleep(5)
  }
  return EventLoop.monotonicMilliseconds() - start
}

/// Remembers what a subscriber is told.
final class Ear: RedisSubscriberReceiver {
  private(set) var subscribed: [String] = []
  private(set) var messages: [(channel: String, payload: String)] = []
  private(set) var interruptions = 0

  func subscribed(to channel: String) { subscribed.append(channel) }
  func received(_ payload: [UInt8], on channel: [UInt8]) {
    messages.append((String(decoding: channel, as: UTF8.self), String(decoding: payload, as: UTF8.self)))
  }
  func interrupted() { interruptions += 1 }

  func forget() {
    subscribed = []
    messages = []
  }
}
