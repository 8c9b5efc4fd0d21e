import ChatCore
import Testing

@Suite("Durations")
struct DurationsTests {
  @Test("one at a bound lies below it, one past it does not, and those of two loops are added up")
  func bounds() {
    var durations = Durations()
    for milliseconds: Milliseconds in [250, 251, 10_001, -5] { durations.record(milliseconds) }
    var both = durations
    both.add(durations)
    let at250 = Durations.bounds.firstIndex(of: 250) ?? 0
    #expect(durations.counts[at250] == 1 && durations.counts[at250 + 1] == 1 && durations.counts[0] == 1)
    #expect(both.count == 8 && both.sum == 2 * (250 + 251 + 10_001))
  }
}
