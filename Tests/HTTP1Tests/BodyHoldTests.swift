import Synchronization
import Testing

@testable import HTTP1

@Suite struct BodyHoldTests {
  @Test func `it asks for each change of size, and gives all back when nobody keeps it`() throws {
    let changes = Mutex<[[Int]]>([])
    var hold: BodyHold? = BodyHold { old, new in changes.withLock { $0.append([old, new]) } }
    for size in [10, 10, 30, 20] { try hold?.resize(to: size) }
    var answer = Response(.ok)
    answer.hold = hold
    hold = nil
    #expect(changes.withLock { $0 } == [[0, 10], [10, 30], [30, 20]], "the answer keeps it")
    answer.hold = nil
    #expect(changes.withLock { $0.last } == [20, 0])
  }

  @Test func `one that was refused more holds what it held, and an empty one gives nothing back`() throws {
    let changes = Mutex<[[Int]]>([])
    do {
      let hold = BodyHold { (old, new) throws(Refusal) in
        changes.withLock { $0.append([old, new]) }
        if new > 10 { throw .connections }
      }
      #expect(throws: Refusal.connections) { try hold.resize(to: 11) }
      try hold.resize(to: 10)
      #expect(throws: Refusal.connections) { try hold.resize(to: 11) }
    }
    #expect(changes.withLock { $0 } == [[0, 11], [0, 10], [10, 11], [10, 0]])
    _ = BodyHold { _, _ in changes.withLock { $0 = [] } }
    #expect(!changes.withLock { $0.isEmpty })
  }
}

@Suite struct BodyStreamTests {
  @Test(arguments: [0, 1, 3, 4, 8, 9])
  func `bytes that are there come in pieces, all of them and no more`(count: Int) async {
    let bytes = (0..<count).map { UInt8($0) }
    let stream = BodyStream(of: bytes, pieceBytes: 4)
    #expect(stream.length == count)
    var pieces: [[UInt8]] = []
    while let piece = await stream.next() { pieces.append(piece) }
    #expect(pieces.flatMap(\.self) == bytes)
    #expect(pieces.count == (count + 3) / 4)
    #expect(pieces.allSatisfy { (1...4).contains($0.count) })
  }
}
