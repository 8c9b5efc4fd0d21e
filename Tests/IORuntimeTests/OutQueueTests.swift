import Testing

@testable import IORuntime

@Suite struct OutQueueTests {
  /// What is next, and where it stands in memory.
  private func next(of queue: borrowing OutQueue) -> ([UInt8], UnsafeRawPointer?) {
    queue.withNext { (Array($0), $0.baseAddress) }
  }

  @Test("a long array that many are sent is held once, wherever it stands in their queues", arguments: 0...2)
  func longIsShared(before: Int) {
    let long = [UInt8](repeating: 1, count: OutPiece.copiedBelow + 1)
    let place = long.withUnsafeBytes { $0.baseAddress }
    var queue = OutQueue()
    for number in 0..<before { queue.append([UInt8(number)]) }
    for number in 2...3 {
      queue.append(long)
      queue.append([UInt8(number)])
    }
    if before > 0 {
      let (bytes, _) = next(of: queue)
      #expect(bytes == (0..<before).map { UInt8($0) })
      queue.consume(before)
    }
    for number in 2...3 {
      let (all, first) = next(of: queue)
      #expect(all == long && first == place)
      queue.consume(long.count - 1)
      let (rest, last) = next(of: queue)
      #expect(rest == [1] && last == place.map { $0 + long.count - 1 })
      queue.consume(1)
      let (short, _) = next(of: queue)
      #expect(short == [UInt8(number)])
      queue.consume(1)
    }
    let isEmpty = queue.isEmpty
    #expect(isEmpty)
  }

  @Test("short ones gather in one run, as does the first when another follows")
  func shortGather() {
    let longest = [UInt8](repeating: 7, count: OutPiece.copiedBelow)
    var queue = OutQueue()
    queue.append(longest)
    queue.append(longest)
    queue.append([8])
    let (bytes, _) = next(of: queue)
    #expect(bytes == longest + longest + [8])
  }
}
