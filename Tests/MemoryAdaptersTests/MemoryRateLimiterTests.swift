import ChatCore
import MemoryAdapters
import Testing

@Suite("Rate limits in memory")
struct MemoryRateLimiterTests {
  @Test("are shared by all who hold the limiter, and fill again with the clock")
  func shared() async {
    let clock = ManualClock()
    let limiter = MemoryRateLimiter(clock: clock)
    let allowed = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<50 {
        group.addTask { await limiter.take("k", cost: 1, capacity: 20, refillPerSecond: 1).allowed }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(allowed == 20)
    clock.advance(by: 2_500)
    let later = await limiter.take("k", cost: 2, capacity: 20, refillPerSecond: 1)
    #expect(later.allowed && later.remaining == 0)
  }
}
