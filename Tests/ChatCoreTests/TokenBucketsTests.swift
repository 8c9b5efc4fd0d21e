import ChatCore
import Testing

@Suite("Token buckets")
struct TokenBucketsTests {
  @Test("give what is there, and fill again with time up to the capacity")
  func filling() {
    var buckets = TokenBuckets()
    func take(_ cost: Int, at now: Milliseconds) -> RateDecision {
      buckets.take("k", cost: cost, capacity: 10, refillPerSecond: 2, now: now)
    }
    #expect(take(4, at: 0) == RateDecision(allowed: true, remaining: 6, retryAfter: 0, resetAfter: 2_000))
    #expect(take(7, at: 0) == RateDecision(allowed: false, remaining: 6, retryAfter: 500, resetAfter: 2_000))
    #expect(take(7, at: 500) == RateDecision(allowed: true, remaining: 0, retryAfter: 0, resetAfter: 5_000))
    #expect(take(10, at: 5_499).allowed == false)
    #expect(take(10, at: 1_000_000).allowed)
    #expect(take(1, at: 0).allowed == false)
  }

  @Test("take odd numbers without a trap")
  func odd() {
    var buckets = TokenBuckets()
    for refill in [0, -1, .nan, .infinity, 1e300, 1e-300] as [Double] {
      for cost in [.min, -1, 0, 1, .max] as [Int] {
        for now in [.min, -1, 0, .max] as [Milliseconds] {
          for capacity in [.min, 0, 1, .max] as [Int] {
            let decision = buckets.take("k\(refill)", cost: cost, capacity: capacity, refillPerSecond: refill, now: now)
            #expect(decision.remaining >= 0 && (0...86_400_000).contains(decision.retryAfter))
          }
        }
      }
    }
  }

  @Test("take back what a negative cost gives, no more than they hold")
  func givenBack() {
    var buckets = TokenBuckets()
    func take(_ cost: Int) -> RateDecision { buckets.take("k", cost: cost, capacity: 3, refillPerSecond: 0, now: 0) }
    #expect(take(2).remaining == 1)
    #expect(take(-1).remaining == 2)
    #expect(take(-9).remaining == 3)
    #expect(take(3).allowed && !take(1).allowed)
    #expect(take(-1).allowed && take(1).allowed && !take(1).allowed)
  }

  @Test("remember no more than twice as many keys as they may, the latest among them")
  func bounded() {
    var buckets = TokenBuckets(keysMax: 100)
    for number in 0..<10_000 {
      _ = buckets.take("\(number)", cost: 1, capacity: 1, refillPerSecond: 0, now: 0)
      #expect(buckets.count <= 200)
    }
    #expect(buckets.take("9999", cost: 1, capacity: 1, refillPerSecond: 0, now: 0).allowed == false)
    #expect(buckets.take("9900", cost: 1, capacity: 1, refillPerSecond: 0, now: 0).allowed == false)
    #expect(buckets.take("0", cost: 1, capacity: 1, refillPerSecond: 0, now: 0).allowed)
  }
}
