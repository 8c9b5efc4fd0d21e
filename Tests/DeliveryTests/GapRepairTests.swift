import ChatCore
import Testing

@testable import Delivery

@Suite struct GapRepairTests {
  private let conversation = ConversationID(rawValue: 5121)

  private func entry(_ seq: Int64) -> EncodedEntry {
    EncodedEntry(
      Entry(
        conversation: conversation, seq: seq, id: EntryID(rawValue: 1), createdAt: Timestamp(milliseconds: 0),
        author: Author(id: UserID(rawValue: 1), username: "ada"), event: .conversationUpdated(title: "t", picture: nil))
    )
  }

  @Test func `the next entry is delivered, an old one is dropped`() {
    var cursor = LogCursor(head: 5)
    #expect(cursor.arrived(entry(6), heldMax: 4) == .next)
    cursor.delivered()
    #expect(cursor.arrived(entry(6), heldMax: 4) == .old)
    #expect(cursor.arrived(entry(1), heldMax: 4) == .old)
    #expect(cursor.last == 6)
    #expect(!cursor.isBehind)
  }

  @Test func `an entry that came too early is held until the hole is filled`() {
    var cursor = LogCursor(head: 5)
    #expect(cursor.arrived(entry(8), heldMax: 4) == .held)
    #expect(cursor.arrived(entry(7), heldMax: 4) == .held)
    #expect(cursor.isBehind)
    #expect(cursor.takeNext() == nil)
    cursor.delivered()
    #expect(cursor.takeNext()?.seq == 7)
    cursor.delivered()
    #expect(cursor.takeNext()?.seq == 8)
    cursor.delivered()
    #expect(!cursor.isBehind)
  }

  @Test func `an entry is held once`() {
    var cursor = LogCursor(head: 5)
    #expect(cursor.arrived(entry(8), heldMax: 4) == .held)
    #expect(cursor.arrived(entry(8), heldMax: 4) == .refused)
    #expect(cursor.heldCount == 1)
  }

  @Test func `what came in any order is taken in that of the log`() {
    var cursor = LogCursor(head: 5)
    for seq in [10, 8, 12, 7, 11, 9] as [Int64] { #expect(cursor.arrived(entry(seq), heldMax: 8) == .held) }
    #expect(cursor.arrived(entry(6), heldMax: 8) == .next)
    cursor.delivered()
    var taken: [Int64] = []
    while let next = cursor.takeNext() {
      taken.append(next.seq)
      cursor.delivered()
    }
    #expect(taken == [7, 8, 9, 10, 11, 12])
  }

  @Test func `at the limit the nearest are held, one past it is refused`() {
    var cursor = LogCursor(head: 0)
    for seq in Int64(10)...13 { #expect(cursor.arrived(entry(seq), heldMax: 4) == .held) }
    #expect(cursor.arrived(entry(14), heldMax: 4) == .refused)
    #expect(cursor.arrived(entry(9), heldMax: 4) == .held)
    #expect(cursor.heldCount == 4)
    #expect(cursor.arrived(entry(13), heldMax: 4) == .refused, "it has made room for a nearer one")
  }

  @Test func `past its share of the memory the nearest are held`() {
    var cursor = LogCursor(head: 0)
    let bytes = entry(1).heldBytes
    for seq in Int64(10)...12 { #expect(cursor.arrived(entry(seq), heldMax: 9, room: bytes) == .held) }
    #expect(cursor.heldBytes == 3 * bytes)
    #expect(cursor.arrived(entry(13), heldMax: 9, room: bytes - 1) == .refused)
    #expect(cursor.arrived(entry(9), heldMax: 9, room: bytes - 1) == .held)
    #expect(cursor.heldCount == 3 && cursor.heldBytes == 3 * bytes)
    #expect(cursor.arrived(entry(12), heldMax: 9, room: bytes) == .held, "it has made room for a nearer one")
    cursor.delivered()
    for _ in 2...9 { cursor.delivered() }
    while cursor.takeNext() != nil { cursor.delivered() }
    #expect(cursor.heldBytes == 0)
  }

  @Test(arguments: [0, -1, Int64.min])
  func `a number that no entry has is refused`(seq: Int64) {
    var cursor = LogCursor(head: 5)
    #expect(cursor.arrived(entry(seq), heldMax: 4) == .refused)
    #expect(cursor.last == 5)
    #expect(!cursor.isBehind)
  }

  @Test func `a number from the far future is forgotten when the log does not know it`() {
    var cursor = LogCursor(head: 5)
    #expect(cursor.arrived(entry(.max), heldMax: 4) == .held)
    #expect(cursor.last == 5)
    let mark = cursor.mark
    #expect(cursor.arrived(entry(7), heldMax: 4) == .held)
    #expect(cursor.logEnded(at: 5, mark: mark) == 1)
    #expect(cursor.heldCount == 1)
    #expect(cursor.last == 5)
  }

  @Test func `what another log claims is given up when this log ends before`() {
    var cursor = LogCursor(head: 5)
    cursor.confirm(1_000_000)
    #expect(cursor.isBehind)
    #expect(cursor.logEnded(at: 5, mark: cursor.mark) == 0)
    #expect(!cursor.isBehind)
  }

  @Test func `a head that was confirmed during a read outlives its end`() {
    var cursor = LogCursor(head: 5)
    let mark = cursor.mark
    cursor.confirm(6)
    _ = cursor.logEnded(at: 5, mark: mark)
    #expect(cursor.isBehind)
  }
}
