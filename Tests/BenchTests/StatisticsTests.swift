import Testing

@testable import Bench

@Suite struct StatisticsTests {
  @Test("the median is the middle, and noise the usual distance from it")
  func sample() {
    #expect(Sample([3, 1, 2]).median == 2 && Sample([4, 1, 2, 3]).median == 2.5 && Sample([]).median == 0)
    #expect(Sample([90, 100, 110]).noise == 0.1 && Sample([5, 5, .nan]).noise == 0)
  }

  /// Searches for a limit as a target without noise would show it.
  private func find(_ limit: Double, from start: Double) -> RateSearch {
    var search = RateSearch(from: start)
    while let rate = search.next { search.probed(held: rate <= limit) }
    return search
  }

  @Test("a search finds the limit from below and from above", arguments: [1.0, 7, 90, 1_000, 123_456])
  func search(limit: Double) throws {
    for start in [1.0, 100, 500_000] {
      let search = find(limit, from: start)
      let found = try #require(search.highestHeld)
      #expect(found <= limit && found * (1 + RateSearch.precision) >= limit * 0.999, "from \(start)")
      #expect(search.probes.count <= RateSearch.probesMax)
    }
  }

  @Test("one wrong probe does not decide, two do")
  func votes() {
    var search = RateSearch(from: 100)
    search.probed(held: false)
    #expect(search.next == 100)
    search.probed(held: true)
    #expect(search.next == 100)
    search.probed(held: true)
    #expect(search.next == 200 && search.highestHeld == 100)
  }

  @Test("a search ends, whatever the target says")
  func ends() {
    #expect(find(.infinity, from: 1).highestHeld != nil)
    #expect(find(0, from: 1_000).highestHeld == nil)
    var random = SplitMix(seed: 7)
    var search = RateSearch(from: 10)
    while search.next != nil { search.probed(held: random.next() as UInt64 % 2 == 0) }
    #expect(search.probes.count <= RateSearch.probesMax)
  }

  @Test("numbers are written as a person reads them")
  func words() {
    #expect(Words.number(950) == "950" && Words.number(12_345) == "12.3k" && Words.number(4_560_000) == "4.56M")
    #expect(Words.milliseconds(250) == "0.25 ms" && Words.milliseconds(12_340) == "12.3 ms")
    #expect(Words.milliseconds(4_560_000) == "4.56 s" && Words.bytes(2_000) == "2.0 KiB")
    #expect(Words.plain("rate\u{1B}[2J\n" + String(repeating: "a", count: 900)).utf8.count == 60)
    #expect(!Words.plain("\u{1B}\n").utf8.contains { $0 < 0x20 })
    #expect(Words.decimal(-0.04, 1) == "0.0" && Words.decimal(1.05, 2) == "1.05" && Words.decimal(.nan, 1) == "–")
  }
}
