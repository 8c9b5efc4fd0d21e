import Testing

@testable import Serving

@Suite struct RequestClockTests {
  private static let limits = ServingLimits()
  private static let pace = RequestClock.Pace(bytesPerSecond: 1_000, stallMax: 10_000)

  private static func clock(_ phase: RequestClock.Phase) -> RequestClock {
    var clock = RequestClock(now: 0, limits)
    clock.enter(phase, now: 0, limits)
    return clock
  }

  @Test func `a body that has come fast may stand still no longer than a slow one`() {
    var clock = Self.clock(.body)
    clock.moved(to: 25_000_000, now: 1_000, Self.pace)
    #expect(clock.deadline == 11_000)
    clock.moved(to: 25_000_000, now: 5_000, Self.pace)
    #expect(clock.deadline == 11_000, "what does not move earns nothing")
  }

  @Test func `a body that keeps the pace goes on for ever, one below it comes to its end`() {
    for (bytes, lives) in [(100, true), (90, false)] {
      var clock = Self.clock(.body)
      for tick in 1...2_000 { clock.moved(to: tick * bytes, now: Int64(tick * 100), Self.pace) }
      #expect((clock.deadline > 200_000) == lives)
    }
  }

  @Test func `a byte that is too little for a millisecond counts with the next`() {
    var clock = Self.clock(.body)
    let fast = RequestClock.Pace(bytesPerSecond: 16_000, stallMax: 10_000)
    for byte in 1...16_000 { clock.moved(to: byte, now: 0, fast) }
    #expect(clock.deadline == 10_000)
    var late = Self.clock(.body)
    for byte in 1...16_000 { late.moved(to: byte, now: 5_000, fast) }
    #expect(late.deadline == 11_000)
  }

  @Test func `the reader of a stream of files may save up time`() {
    var clock = Self.clock(.stream)
    clock.moved(to: 600_000, now: 1_000, RequestClock.Pace(bytesPerSecond: 1_000, stallMax: nil))
    #expect(clock.deadline == 610_000)
    clock.moved(to: .max, now: 1_000, RequestClock.Pace(bytesPerSecond: 1, stallMax: nil))
    #expect(clock.deadline > 610_000)
  }
}
