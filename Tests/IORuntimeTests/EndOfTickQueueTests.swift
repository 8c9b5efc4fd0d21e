import Testing

@testable import IORuntime

/// The queue alone, with a clock that has always run out: each tick tells the least that it may.
@Suite struct EndOfTickQueueTests {
  private static func hurried() -> EndOfTickQueue {
    var time: Int64 = 0
    return EndOfTickQueue {
      time += 1_000_000
      return time
    }
  }

  @Test func `under lasting load those who have been told are let go of`() {
    let queue = Self.hurried()
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

  @Test func `a crowd is told after all others, a slice in each tick, in order and everybody once`() {
    let queue = Self.hurried()
    let tally = Tally()
    let atOnce = EndOfTickQueue.leastAtOnce
    for place in 0..<(3 * atOnce) { queue.append(Waiter(place, tally), in: .common) }
    queue.append(Waiter(-1, tally))
    queue.tell()
    #expect(tally.told == [-1] + Array(0..<atOnce), "it came last and is told first")
    for place in 0..<(2 * atOnce) { queue.append(Waiter(-2 - place, tally)) }
    queue.tell()
    #expect(tally.told.dropFirst(atOnce + 1).prefix(atOnce) == (0..<atOnce).map { -2 - $0 }[...])
    #expect(tally.told.last == 2 * atOnce - 1, "those who are many leave the crowd its slice all the same")
    while !queue.isEmpty { queue.tell() }
    #expect(tally.told.filter { $0 >= 0 } == Array(0..<(3 * atOnce)))
    #expect(tally.told.count == 5 * atOnce + 1)
    #expect(tally.alive == 0)
  }

  @Test func `whoever is told may join the crowd, and all of them are told at the end`() {
    let queue = EndOfTickQueue { 0 }
    let tally = Tally()
    for crowd in [Crowd.common, .vast] {
      let last = Waiter(1, tally) { queue.append(Waiter(2, tally)) }
      queue.append(Waiter(0, tally) { queue.append(last, in: crowd) }, in: crowd)
    }
    for _ in 0..<3 { queue.tell(all: true) }
    #expect(tally.told == [0, 0, 1, 1, 2, 2])
    #expect(queue.isEmpty)
  }

  @Test func `questions to a server leave before all others, in the tick in which they are asked`() {
    let queue = Self.hurried()
    let tally = Tally()
    let atOnce = EndOfTickQueue.leastAtOnce
    for place in 0..<(2 * atOnce) { queue.append(Waiter(place, tally)) }
    queue.append(Waiter(-3, tally) { queue.append(Waiter(-4, tally), in: .common) }, in: .common)
    queue.appendFirst(
      Waiter(-1, tally) { queue.append(Waiter(2 * atOnce, tally) { queue.appendFirst(Waiter(-2, tally)) }) })
    queue.tell()
    #expect(tally.told == [-1] + Array(0..<atOnce) + [-3])
    queue.appendFirst(Waiter(-1, tally))
    #expect(queue.millisecondsToNext == 0)
    queue.tell()
    #expect(tally.told.dropFirst(atOnce + 2).first == -1, "before those left over")
    while !queue.isEmpty { queue.tell() }
    #expect(tally.told.filter { $0 == -2 }.count == 1)
    #expect(tally.alive == 0)
  }
}

private final class Tally {
  var told: [Int] = []
  var alive = 0
}

private final class Waiter: EndOfTick, CrowdMember {
  private let number: Int
  private let tally: Tally
  private let then: () -> Void

  init(_ number: Int, _ tally: Tally, then: @escaping () -> Void = {}) {
    (self.number, self.tally, self.then) = (number, tally, then)
    tally.alive += 1
  }

  deinit { tally.alive -= 1 }

  func endOfTick() {
    tally.told.append(number)
    then()
  }

  func crowdsTurn(_ crowd: Crowd) { endOfTick() }
}
