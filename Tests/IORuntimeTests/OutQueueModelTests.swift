import Glibc
import TestKit
import Testing

@testable import IORuntime

/// Queues that fill and empty at random, over sockets that take little at a time.
@Suite struct OutQueueModelTests {
  /// Two ends of a stream that hold as little as the kernel lets them.
  private static func narrowPair() -> (CInt, CInt)? {
    var ends: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0 else { return nil }
    var least: CInt = 1
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &least, socklen_t(MemoryLayout<CInt>.size))
    return (ends[0], ends[1])
  }

  @Test("what comes out is what went in, however it was added and however little is taken", arguments: UInt64(1)...30)
  func model(seed: UInt64) throws {
    var dice = SeededDice(seed: seed)
    let (near, far) = try #require(Self.narrowPair())
    defer {
      close(near)
      close(far)
    }
    let vectors = UnsafeMutableBufferPointer<iovec>.allocate(capacity: 1 + Int(dice.next() % 8))
    defer { vectors.deallocate() }
    let many = (0..<3).map { [UInt8](repeating: UInt8($0), count: OutPiece.copiedBelow + 1 + 700 * $0) }
    var queue = OutQueue()
    var waiting: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 3_000)
    for _ in 1...400 {
      // Every second queue is often empty.
      switch dice.next() % (seed % 2 == 0 ? 8 : 16) {
      case 0, 1:
        let bytes = (0..<Int(dice.next() % 300)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        bytes.withUnsafeBytes { queue.append($0) }
        waiting += bytes
      case 2, 3:
        let bytes = (0..<Int(dice.next() % 1_100)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        queue.append(bytes)
        waiting += bytes
      case 4:
        let bytes = many[Int(dice.next() % 3)]
        queue.append(bytes)
        waiting += bytes
      case 5:
        let amount = queue.withNext { run in
          #expect(waiting.starts(with: run))
          return run.isEmpty ? 0 : Int(dice.next() % UInt64(run.count + 1))
        }
        queue.consume(amount)
        waiting.removeFirst(amount)
      default:
        let before = queue.count
        if case .failed = queue.send(to: near, with: vectors) { Issue.record("failed") }
        let gone = before - queue.count
        var taken: [UInt8] = []
        while taken.count < gone {
          let count = recv(far, &room, room.count, 0)
          guard count > 0 else { break }
          taken += room[..<count]
        }
        #expect(taken.elementsEqual(waiting.prefix(gone)))
        waiting.removeFirst(gone)
      }
      let count = queue.count
      #expect(count == waiting.count)
    }
    let rest = queue.withNext { $0.count }
    #expect(rest <= waiting.count)
  }
}
