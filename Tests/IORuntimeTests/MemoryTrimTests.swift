import Testing

@testable import IORuntime

@Suite struct MemoryTrimTests {
  @Test func `a crowd has left when fewer than half of its most are there, and once for each half`() {
    var mark = CrowdMark()
    let most = 4 * CrowdMark.least
    #expect(!mark.hasLeft(most))
    #expect(!mark.hasLeft(most / 2))
    #expect(mark.hasLeft(most / 2 - 1))
    #expect(!mark.hasLeft(most / 2 - 2))
    #expect(mark.hasLeft(most / 4 - 1))
    #expect(!mark.hasLeft(0), "what is left of it was no crowd")
  }

  @Test func `fewer than a crowd may go without a look at the heap`() {
    var mark = CrowdMark()
    #expect(!mark.hasLeft(CrowdMark.least - 1))
    #expect(!mark.hasLeft(0))
    #expect(!mark.hasLeft(CrowdMark.least))
    #expect(mark.hasLeft(0))
  }
}
