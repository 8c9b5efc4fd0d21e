import ChatCore
import JSONText

/// Payloads of new messages, spelled exactly as ``EntryText/payload(of:in:)`` spells them, read without a tree.
///
/// A node hears each message of its rooms once, however few of the members it has: what this costs is what spreading
/// members over more nodes costs.
///
/// - Shape: `{"v":1,"c":…,"e":[{"q":…,"i":…,"t":…,"u":…,"n":"…","k":1,"d":{"i":…,"q":…,"u":…,"n":"…","y":"text",
///   "x":"…","m":"…","r":…,"t":…}}]}` in this order and without space; `m` and `r` where they are.
/// - Errors: nil for whatever is not exactly that: files, escapes in a text, another order, what is no payload at all.
///   Then the tree decides, so that nothing is refused here.
/// - Cost: a tenth of the tree's; the texts are all that is allocated.
enum PlainMessages {
  static func entries(_ bytes: Span<UInt8>) -> [Entry]? {
    var reader = Reader()
    guard reader.take("{\"v\":1,\"c\":", bytes), let conversation: ConversationID = reader.id(bytes),
      reader.take(",\"e\":[", bytes)
    else { return nil }
    var entries: [Entry] = []
    repeat {
      guard let entry = entry(&reader, bytes, conversation) else { return nil }
      entries.append(entry)
    } while reader.take(",", bytes)
    return reader.take("]}", bytes) && reader.index == bytes.count ? entries : nil
  }

  private static func entry(
    _ reader: inout Reader, _ bytes: Span<UInt8>, _ conversation: ConversationID
  ) -> Entry? {
    guard reader.take("{\"q\":", bytes), let seq = reader.integer(bytes), seq > 0,
      reader.take(",\"i\":", bytes), let id: EntryID = reader.id(bytes), id.bucket == conversation.bucket,
      reader.take(",\"t\":", bytes), let time = reader.integer(bytes), let author = reader.author(bytes),
      reader.take(",\"k\":", bytes), reader.integer(bytes) == Int64(EventCode.messageCreated.rawValue),
      reader.take(",\"d\":{", bytes), let message = message(&reader, bytes, conversation), reader.take("}}", bytes)
    else { return nil }
    return Entry(
      conversation: conversation, seq: seq, id: id, createdAt: Timestamp(milliseconds: time), author: author,
      event: .messageCreated(message))
  }

  private static func message(
    _ reader: inout Reader, _ bytes: Span<UInt8>, _ conversation: ConversationID
  ) -> Message? {
    guard reader.take("\"i\":", bytes), let id: EntryID = reader.id(bytes),
      reader.take(",\"q\":", bytes), let seq = reader.integer(bytes), seq > 0, let sender = reader.author(bytes),
      reader.take(",\"y\":\"text\",\"x\":", bytes), let text = reader.text(bytes)
    else { return nil }
    var clientMessageID: String?
    if reader.take(",\"m\":", bytes) {
      guard let given = reader.text(bytes) else { return nil }
      clientMessageID = given
    }
    var replyTo: EntryID?
    if reader.take(",\"r\":", bytes) {
      guard let given: EntryID = reader.id(bytes) else { return nil }
      replyTo = given
    }
    guard reader.take(",\"t\":", bytes), let time = reader.integer(bytes) else { return nil }
    return Message(
      id: id, conversation: conversation, seq: seq, sender: sender, type: .text, text: text,
      clientMessageID: clientMessageID, replyTo: replyTo, createdAt: Timestamp(milliseconds: time))
  }
}

/// A place in the bytes, which are a parameter everywhere since a stored span would make this a scoped type.
private struct Reader {
  private(set) var index = 0
  private static let digitsMax = 16

  /// Steps over the literal if it stands here.
  mutating func take(_ literal: StaticString, _ bytes: Span<UInt8>) -> Bool {
    let count = literal.utf8CodeUnitCount
    guard bytes.count &- index >= count else { return false }
    for place in 0..<count where bytes[index &+ place] != literal.utf8Start[place] { return false }
    index &+= count
    return true
  }

  /// A whole number from 0 to what JSON can carry, without leading zeros.
  mutating func integer(_ bytes: Span<UInt8>) -> Int64? {
    let start = index
    var value: Int64 = 0
    while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 {
      guard index &- start < Self.digitsMax else { return nil }
      value = value &* 10 &+ Int64(bytes[index] &- UInt8(ascii: "0"))
      index &+= 1
    }
    let isSpelledRight = index &- start == 1 || index > start && bytes[start] != UInt8(ascii: "0")
    return isSpelledRight && value <= JSONLimits.integerMax ? value : nil
  }

  mutating func id<ID: BucketedID>(_ bytes: Span<UInt8>) -> ID? { integer(bytes).flatMap { ID(checking: $0) } }

  /// A text without escapes.
  mutating func text(_ bytes: Span<UInt8>) -> String? {
    guard take("\"", bytes) else { return nil }
    let start = index
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      guard bytes[index] >= 0x20, bytes[index] != UInt8(ascii: "\\") else { return nil }
      index &+= 1
    }
    let end = index
    guard take("\"", bytes), let text = try? UTF8Span(validating: bytes.extracting(start..<end)) else { return nil }
    return String(copying: text)
  }

  /// `,"u":…,"n":"…"`
  mutating func author(_ bytes: Span<UInt8>) -> Author? {
    guard take(",\"u\":", bytes), let id: UserID = id(bytes), take(",\"n\":", bytes), let name = text(bytes) else {
      return nil
    }
    return Author(id: id, username: name)
  }
}
