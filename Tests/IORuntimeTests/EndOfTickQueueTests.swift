import Testing

@testable import IORuntime

/// The queue alone, with a clock that has always run out: each tick tells the least that it may.
@Suite struct EndOfTickQueueTests {
  @Test func `under lasting load those who have been told are let go of`() {
    var time: Int64 = 0
    let queue = EndOfTickQueue {
      time += 1_000
      return time
    }
    let tally = Tally()
    let atOnce = EndOfTickQueue.leastAtOnce
    for tick in 0..<1_000 {
      // One half is told at once, the other waits; so there is never a tick after which nobody does.
      for place in 0..<(2 * atOnce) { queue.append(Waiter(tick * 2 * atOnce + place, tally)) }
      queue.tell()
    }
    #expect(!queue.isEmpty)
    #expect(tally.alive < 10_000)
    queue.tell(all: true)
    #expect(queue.isEmpty)
    #expect(Set(tally.told).count == 2 * atOnce * 1_000)
    #expect(tally.told.count == 2 * atOnce * 1_000)
    #expect(tally.alive == 0)
  }
}

private final class Tally {
  var told: [Int] = []
  var alive = 0
}

private final class Waiter: EndOfTick {
  private let number: Int
  private let tally: Tally

  init(_ number: Int, _ tally: Tally) {
    (self.number, self.tally) = (number, tally)
    tally.alive += 1
  }

  deinit { tally.alive -= 1 }

  func endOfTick() { tally.told.append(number) }
}
