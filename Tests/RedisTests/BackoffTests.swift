import Testing

@testable import Redis

@Suite("Back-off")
struct BackoffTests {
  @Test("stays within a span that doubles up to the most, whatever the number of failures")
  func spans() {
    var random = SystemRandomNumberGenerator()
    let backoff = Backoff()
    for (failures, most) in [(-1, 50), (0, 50), (1, 50), (2, 100), (3, 200), (6, 1_600), (7, 2_000), (.max, 2_000)] {
      for _ in 0..<200 {
        #expect((0...Int64(most)).contains(backoff.delay(afterFailures: failures, using: &random)))
      }
    }
  }

  @Test("begins anew after a connection that has answered and was there for a while, or has lasted, and no other")
  func failures() {
    let backoff = Backoff()
    let rows: [(lasted: Int64?, hasAnswered: Bool, failures: Int)] = [
      (nil, false, 6), (nil, true, 6), (0, true, 6), (249, true, 6), (250, true, 1), (1_999, false, 6),
      (2_000, false, 1),
    ]
    for row in rows {
      #expect(
        backoff.failures(after: 5, lasted: row.lasted, hasAnswered: row.hasAnswered) == row.failures, "\(row)")
    }
    #expect(backoff.failures(after: .max, lasted: nil, hasAnswered: false) == .max)
  }

  @Test("is spread over the whole span, so that a crowd does not come back at once")
  func jitter() {
    var random = SystemRandomNumberGenerator()
    let delays = (0..<400).map { _ in Backoff().delay(afterFailures: 9, using: &random) }
    #expect(delays.contains { $0 < 500 } && delays.contains { $0 > 1_500 })
  }
}
