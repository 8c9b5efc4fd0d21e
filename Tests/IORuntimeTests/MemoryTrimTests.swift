import Testing

@testable import IORuntime

@Suite struct MemoryTrimTests {
  private static let least = CrowdMark.least

  /// What is told of a crowd that is so large, one count after the other.
  private func told(_ counts: [Int]) -> [Bool] {
    var mark = CrowdMark()
    return counts.map { mark.hasLeft($0) }
  }

  @Test func `a crowd has left when fewer than half of its most are there, and once for each half`() {
    let most = 4 * Self.least
    let counts = [most, most / 2, most / 2 - 1, most / 2 - 2, most / 4 - 2]
    #expect(told(counts) == [false, false, true, false, true])
    #expect(told(counts + [0]).last == false, "what was left was no crowd")
  }

  @Test func `fewer than a crowd may go without a look at the heap`() {
    #expect(told([Self.least - 1, 0]) == [false, false])
    #expect(told([Self.least, 0]) == [false, true])
  }
}
