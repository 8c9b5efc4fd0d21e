import Glibc
import IORuntime
import Synchronization
import Testing

@Suite("An event loop")
struct EventLoopTests {
  @Test("async code stays on the loop across awaits, also when started from another thread")
  func staysOnLoop() async throws {
    try await withLoop { loop in
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

  @Test("what is spawned on the loop has begun when spawn returns")
  func beginsAtOnce() async throws {
    try await withLoop { loop in
      let begun = try await loop.submit {
        let begun = Box(false)
        loop.spawn {
          begun.value = loop.inLoop
          await loop.sleep(1)
        }
        return begun.value
      }
      #expect(begun)
    }
  }

  @Test("timers run by deadline, and by age among equals")
  func timersInOrder() async throws {
    try await withLoop { loop in
      let order = await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
        loop.execute {
          let seen = Mutex<[Int]>([])
          let note = { (number: Int) in seen.withLock { $0.append(number) } }
          // Far apart: between two lines the thread may rest for a while.
          loop.schedule(after: 300) { note(3) }
          loop.schedule(after: 100) { note(1) }
          loop.schedule(after: 100) { note(2) }
          loop.schedule(after: 150) { note(9) }.cancel()
          loop.schedule(after: 500) { continuation.resume(returning: seen.withLock { $0 }) }
        }
      }
      #expect(order == [1, 2, 3])
    }
  }

  @Test("a timer that a timer adds runs in a later tick")
  func timersAddTimers() async throws {
    try await withLoop { loop in
      await withCheckedContinuation { continuation in
        loop.execute {
          loop.schedule(after: 0) {
            loop.schedule(after: 0) { continuation.resume() }
          }
        }
      }
    }
  }

  @Test("a wait beyond all time is never over, and keeps no other timer waiting")
  func endlessWait() async throws {
    try await withLoop { loop in
      let fired = Box(false)
      let waited = await withCheckedContinuation { (continuation: CheckedContinuation<Int64, Never>) in
        loop.execute {
          let begin = EventLoop.monotonicMilliseconds()
          loop.schedule(after: .max) { fired.value = true }
          loop.schedule(after: 5) { continuation.resume(returning: EventLoop.monotonicMilliseconds() - begin) }
        }
      }
      #expect(waited < 5_000)
      #expect(!fired.value)
    }
  }

  @Test("of many timers that are nearly all cancelled the rest runs, each once and none early")
  func timersUnderLoad() async throws {
    try await withLoop { loop in
      let fired = Box<[Int]>([])
      let early = Box(0)
      try await loop.submit {
        let start = EventLoop.monotonicMilliseconds()
        for index in 0..<20_000 {
          let wait = Int64(index % 50)
          let timer = loop.schedule(after: wait) {
            fired.value.append(index)
            if EventLoop.monotonicMilliseconds() - start < wait { early.value += 1 }
          }
          if index % 100 != 0 { timer.cancel() }
        }
      }
      #expect(try await eventually { fired.value.count == 200 })
      #expect(Set(fired.value).count == 200)
      #expect(early.value == 0)
    }
  }

  @Test("work that makes more work for ever keeps neither timers nor sockets waiting")
  func fairness() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop, serve: { Recorder($0, echoes: true) })
      let stop = Box(false)
      let rounds = Box(0)
      @Sendable func again() {
        rounds.value += 1
        if !stop.value { loop.execute { again() } }
      }
      loop.execute { again() }
      loop.spawn { while !stop.value { await Task.yield() } }
      try await pair.client.act { $0.send("through") }
      #expect(try await eventually { pair.client.text == "through" })
      let slept = Box(false)
      loop.spawn {
        await loop.sleep(5)
        slept.value = true
      }
      #expect(try await eventually { slept.value })
      #expect(try await eventually { rounds.value > 1000 })
      stop.value = true
    }
  }

  @Test("a great crowd at the end of a tick lets others go before its rest, and everybody is told once")
  func crowdAtEndOfTick() async throws {
    try await withLoop { loop in
      let log = Box<[Int]>([])
      // 1,000 of them take 200 ms: many slices. The other is asked for in the same tick, so that he never comes late.
      loop.execute {
        for _ in 0..<1_000 {
          loop.atEndOfTick(
            Told {
              usleep(200); log.value.append(0)
            })
        }
        loop.execute { loop.execute { loop.schedule(after: 0) { loop.atEndOfTick(Told { log.value.append(1) }) } } }
      }
      #expect(try await eventually { log.value.count == 1_001 })
      let place = try #require(log.value.firstIndex(of: 1))
      #expect((16...500).contains(place), "told after \(place) of the crowd")
    }
  }

  @Test("the longest tick is told once, a tick under way tells how long it has taken, and descriptors are counted")
  func vitals() async throws {
    try await withLoop { loop in
      let held = Box(false)
      _ = loop.vitals.takeLongestTick()
      loop.execute {
        usleep(60_000)
        while !held.value { usleep(1_000) }
      }
      #expect(try await eventually { loop.vitals.busyMilliseconds >= 20 })
      held.value = true
      var longest: Int64 = 0
      #expect(
        try await eventually {
          longest = max(longest, loop.vitals.takeLongestTick())
          return longest >= 59
        })
      #expect(loop.vitals.takeLongestTick() < 59)
      let before = loop.vitals.descriptors
      _ = try await Pair(on: loop)
      try await loop.submit {}
      #expect(try await eventually { loop.vitals.descriptors == before + 3 })
    }
  }

  @Test("work from many threads is all done")
  func manyThreads() async throws {
    try await withLoop { (loop) async throws -> Void in
      let done = Box(0)
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            for _ in 0..<500 { loop.execute { done.value += 1 } }
          }
        }
      }
      #expect(try await eventually { done.value == 4000 })
    }
  }

  @Test("after it has stopped work is dropped, and joining returns at once")
  func stopped() async throws {
    let loop = try EventLoop(name: "short")
    try loop.start()
    loop.stop()
    loop.join()
    loop.execute { Issue.record("ran after the end") }
    loop.join()
    #expect(!loop.inLoop)
  }
}

private final class Told: EndOfTick {
  private let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
  func endOfTick() { body() }
}
