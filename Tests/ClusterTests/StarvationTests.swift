import Glibc
import Synchronization
import TestKit
import Testing

/// What a test waited for a core is counted, or its times would be judged on a machine that others use.
struct StarvationTests {
  /// Turns until it is told to stop.
  private final class Wheel: Sendable {
    let isOver = Atomic(false)
  }

  @Test func `threads that want more cores than there are are seen to wait`() async throws {
    let wheel = Wheel()
    let before = Starvation.waited()
    var threads: [pthread_t] = []
    for _ in 0..<2 * sysconf(CInt(_SC_NPROCESSORS_ONLN)) + 2 {
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { raw in
          guard let raw else { return nil }
          let wheel = Unmanaged<Wheel>.fromOpaque(raw).takeUnretainedValue()
          while !wheel.isOver.load(ordering: .relaxed) {}
          return nil
        }, Unmanaged.passUnretained(wheel).toOpaque())
      try #require(code == 0)
      threads.append(thread)
    }
    let haveWaited = await Stopwatch.wait(20_000) { Starvation.waited() > before + 300_000 }
    wheel.isOver.store(true, ordering: .relaxed)
    for thread in threads { pthread_join(thread, nil) }
    #expect(haveWaited)
  }
}
