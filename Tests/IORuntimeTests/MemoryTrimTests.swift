import Glibc
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

  /// proc(5): the tenth field of `stat`, eight behind the name's parenthesis.
  fileprivate static func faultsOfThisThread() -> Int {
    var bytes = [UInt8](repeating: 0, count: 512)
    let file = open("/proc/thread-self/stat", O_RDONLY)
    defer { close(file) }
    let count = max(0, read(file, &bytes, bytes.count))
    let fields = String(decoding: bytes[..<count], as: UTF8.self).split(separator: ")").last?.split(separator: " ")
    return fields.flatMap { $0.count > 7 ? Int($0[7]) : nil } ?? .min
  }

  @Test func `what a tick has freed is there for the next one, without a page fault for each page of it`()
    async throws
  {
    let loops = try EventLoopGroup(count: 1)
    try loops.start()
    defer { loops.stop() }
    // Eight pages of history, each as rows and as JSON.
    let faults = try await loops.loops[0].submit {
      func tick() {
        let blocks = (0..<16).map { _ in [UInt8](repeating: 1, count: 24_000) }
        withExtendedLifetime(blocks) {}
      }
      for _ in 0..<10 { tick() }
      let before = Self.faultsOfThisThread()
      for _ in 0..<100 { tick() }
      return Self.faultsOfThisThread() - before
    }
    // Were it given back each time, some 9,000.
    #expect((0..<1_000).contains(faults))
  }

  /// In a process of its own: in this one's heaps other tests have left room in the midst of which it all fits.
  @Test func `a loop gives the end of its heap back, whichever loop trims the rest`() async {
    await #expect(processExitsWith: .success) {
      let loops = try EventLoopGroup(count: 1)
      try loops.start()
      let faults = try await loops.loops[0].submit {
        func tick() {
          let blocks = (0..<16).map { _ in [UInt8](repeating: 1, count: 24_000) }
          withExtendedLifetime(blocks) {}
        }
        let now = EventLoop.monotonicMilliseconds()
        MemoryTrim.run(now: now)
        for _ in 0..<10 { tick() }
        // Too soon for all else.
        MemoryTrim.run(now: now)
        let before = MemoryTrimTests.faultsOfThisThread()
        tick()
        return MemoryTrimTests.faultsOfThisThread() - before
      }
      // Each page of it, but for what glibc always keeps: 94 less 32.
      try #require(faults >= 40)
    }
  }
}
