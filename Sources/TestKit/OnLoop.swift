import IORuntime

/// Runs `body` on a loop of its own, which ends with it.
public func onLoop<Value: Sendable>(_ body: @escaping @Sendable (EventLoop) async throws -> Value) async throws -> Value
{
  let loop = try EventLoop(name: "test")
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
public struct NeverHappened: Error {
  /// Milliseconds that it was waited for.
  public let after: Int64
}

/// Waits until `condition` holds, at most that many milliseconds; gives how long it took.
///
/// Who was stopped for all of that time, or got no core, has seen nothing yet: it ends after half of the looks that the
/// time has room for, too.
///
/// Closures stand outside of `#require` and `#expect`: Swift 6.3.1 takes a closure inside such a macro and one outside
/// of it in the same function for each other.
@discardableResult
public func eventually(within most: Int64, on loop: EventLoop, _ condition: () -> Bool) async throws -> Int64 {
  let start = EventLoop.monotonicMilliseconds()
  var looks: Int64 = 0
  while !condition() {
    guard EventLoop.monotonicMilliseconds() - start < most || looks < most / 10 else {
      throw NeverHappened(after: most)
    }
    looks += 1
    await loop.sleep(5)
  }
  return EventLoop.monotonicMilliseconds() - start
}
