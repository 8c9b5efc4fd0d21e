import IORuntime
import Synchronization
import Testing

@Suite("An event loop")
struct EventLoopTests {
  /// A running loop, stopped when the test is over.
  private static func withLoop(_ body: (EventLoop) async throws -> Void) async throws {
    let loop = try EventLoop(name: "test")
    try loop.start()
    defer { loop.stop() }
    try await body(loop)
  }

  @Test("async code stays on the loop across awaits")
  func staysOnLoop() async throws {
    try await Self.withLoop { loop in
      let places = await withCheckedContinuation { continuation in
        loop.spawn {
          var places = [loop.inLoop]
          await loop.sleep(2)
          places.append(loop.inLoop)
          await Task.yield()
          places.append(loop.inLoop)
          continuation.resume(returning: places)
        }
      }
      #expect(places == [true, true, true])
    }
  }

  @Test("timers run by deadline, and by age among equals")
  func timersInOrder() async throws {
    try await Self.withLoop { loop in
      let order = await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
        loop.execute {
          let seen = Mutex<[Int]>([])
          let note = { (number: Int) in seen.withLock { $0.append(number) } }
          loop.schedule(after: 6) { note(3) }
          loop.schedule(after: 2) { note(1) }
          loop.schedule(after: 2) { note(2) }
          loop.schedule(after: 3) { note(9) }.cancel()
          loop.schedule(after: 10) { continuation.resume(returning: seen.withLock { $0 }) }
        }
      }
      #expect(order == [1, 2, 3])
    }
  }

  @Test("a timer that a timer adds runs in a later tick")
  func timersAddTimers() async throws {
    try await Self.withLoop { loop in
      await withCheckedContinuation { continuation in
        loop.execute {
          loop.schedule(after: 0) {
            loop.schedule(after: 0) { continuation.resume() }
          }
        }
      }
    }
  }
}
