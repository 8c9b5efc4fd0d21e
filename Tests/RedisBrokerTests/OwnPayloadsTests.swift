import ChatCore
import EntryText
import Testing

@testable import RedisBroker

@Suite("What a loop has published itself")
struct OwnPayloadsTests {
  static let here = PayloadTests.here
  static let there = PayloadTests.there

  private static func payload(_ entries: [Entry]) -> [UInt8] {
    EntryText.payload(of: entries, in: entries[0].conversation)
  }

  @Test("comes back once, as what reading it gives")
  func once() throws {
    var own = OwnPayloads()
    let entries = [entry(1, in: Self.here), entry(2, in: Self.here, text: "\u{E9}\n\"")]
    let payload = Self.payload(entries)
    own.keep(payload, entries, of: Self.here)
    #expect(own.take(payload, of: Self.there) == nil)
    #expect(own.take(payload, of: Self.here) == entries)
    #expect(try Payload(payload, on: .conversation(Self.here)) == .entries(entries))
    #expect(own.take(payload, of: Self.here) == nil)
  }

  @Test("is told from what differs in one byte, at each place")
  func exact() {
    let entries = [entry(1, in: Self.here)]
    let payload = Self.payload(entries)
    var own = OwnPayloads()
    own.keep(payload, entries, of: Self.here)
    for place in payload.indices {
      var other = payload
      other[place] ^= 1
      #expect(own.take(other, of: Self.here) == nil)
    }
    #expect(own.take(payload + [0x20], of: Self.here) == nil)
    #expect(own.take(payload, of: Self.here) == entries)
  }

  @Test("what was lost on the way is forgotten when a later one comes")
  func lost() {
    var own = OwnPayloads()
    let runs = (1...3).map { [entry(Int64($0), in: Self.here)] }
    for run in runs { own.keep(Self.payload(run), run, of: Self.here) }
    #expect(own.take(Self.payload(runs[1]), of: Self.here) == runs[1])
    #expect(own.take(Self.payload(runs[0]), of: Self.here) == nil)
    #expect(own.take(Self.payload(runs[2]), of: Self.here) == runs[2])
  }

  @Test("is forgotten whole past so many payloads, and past so many bytes")
  func limits() {
    var own = OwnPayloads()
    let many = (1...OwnPayloads.countMax + 1).map { [entry(Int64($0), in: Self.here)] }
    for run in many.dropLast() { own.keep(Self.payload(run), run, of: Self.here) }
    var full = own
    #expect(full.take(Self.payload(many[0]), of: Self.here) == many[0])
    own.keep(Self.payload(many[OwnPayloads.countMax]), many[OwnPayloads.countMax], of: Self.here)
    #expect(own.take(Self.payload(many[0]), of: Self.here) == nil)
    #expect(own.take(Self.payload(many[OwnPayloads.countMax]), of: Self.here) == many[OwnPayloads.countMax])

    var long = OwnPayloads()
    let quarter = String(repeating: "x", count: OwnPayloads.bytesMax / 4 - 500)
    let runs = (1...5).map { [entry(Int64($0), in: Self.here, text: quarter)] }
    for run in runs { long.keep(Self.payload(run), run, of: Self.here) }
    #expect(runs.dropLast().allSatisfy { long.take(Self.payload($0), of: Self.here) == nil })
    #expect(long.take(Self.payload(runs[4]), of: Self.here) == runs[4])
    let huge = [entry(9, in: Self.here, text: quarter + quarter)]
    long.keep(Self.payload(huge), huge, of: Self.here)
    #expect(long.take(Self.payload(huge), of: Self.here) == nil)
  }

  @Test("what a payload does not tell whole is read anew")
  func notWhole() {
    var message = Message(
      id: EntryID(counter: 1, bucket: Self.here.bucket), conversation: Self.here, seq: 1, sender: PayloadTests.ada,
      type: .text, text: "now", clientMessageID: nil, replyTo: nil, createdAt: Timestamp(milliseconds: 1))
    message.previousText = "before"
    let created = Entry(creating: message)
    let edited = Entry(
      conversation: Self.here, seq: 2, id: EntryID(counter: 2, bucket: Self.here.bucket),
      createdAt: Timestamp(milliseconds: 2), author: PayloadTests.ada, event: .messageEdited(message))
    for entry in [created, edited] {
      var own = OwnPayloads()
      own.keep(Self.payload([entry]), [entry], of: Self.here)
      #expect(own.take(Self.payload([entry]), of: Self.here) == nil)
    }
  }
}
