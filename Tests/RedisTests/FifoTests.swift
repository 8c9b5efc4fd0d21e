import Testing

@testable import Redis

@Suite("A fifo")
struct FifoTests {
  @Test("gives back in order what a queue would, over many laps")
  func order() {
    var fifo = Fifo<Int>()
    var next = 0
    var expected = 0
    for round in 0..<5_000 {
      for _ in 0..<(round % 7) {
        fifo.append(next)
        next += 1
      }
      for _ in 0..<(round % 5) where !fifo.isEmpty {
        #expect(fifo.first == expected)
        #expect(fifo.popFirst() == expected)
        expected += 1
      }
      #expect(fifo.count == next - expected)
    }
    #expect(fifo.removeAll() == Array(expected..<next))
    #expect(fifo.popFirst() == nil)
  }
}
