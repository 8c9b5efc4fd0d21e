import ChatCore
import MemoryAdapters
import Testing

@Suite struct ClocksTests {
  @Test func `a manual clock moves only when told`() {
    let clock = ManualClock(at: Timestamp(milliseconds: 10))
    #expect(clock.now.milliseconds == 10)
    clock.advance(by: 5)
    #expect(clock.now.milliseconds == 15)
  }

  @Test func `the wall clock tells this century in milliseconds`() {
    let now = WallClock().now.rfc3339
    #expect(now.hasPrefix("20"))
    #expect(now.utf8.count == 24)
  }
}
