import ChatCore
import JSONText

/// Several entries of one conversation as the broker carries them.
extension EntryText {
  /// The version of the payload; a node drops what it does not know, and the log repairs it.
  public static let payloadVersion: Int64 = 1

  /// The text that the broker carries.
  ///
  /// - Shape: `{"v":1,"c":conversation,"e":[{"q":seq,"i":id,"t":ms,"u":author,"n":"his name","k":code,"d":{…}}]}`.
  public static func payload(of entries: [Entry], in conversation: ConversationID) -> [UInt8] {
    var writer = JSONWriter(values: entries.count)
    writer.object { writer in
      writer.member("v", payloadVersion)
      writer.member("c", conversation.rawValue)
      writer.key("e")
      writer.array { writer in
        for entry in entries {
          writer.object { writer in
            writer.member("q", entry.seq)
            writer.member("i", entry.id.rawValue)
            writer.member("t", entry.createdAt.milliseconds)
            writer.member("u", entry.author.id.rawValue)
            writer.member("n", entry.author.username)
            writer.member("k", Int64(EventCode.number(of: entry.event)))
            writer.key("d")
            writeDetail(of: entry.event, to: &writer)
          }
        }
      }
    }
    return writer.finish()
  }

  /// The entries of a payload; nothing when any part of it is not what ``payload(of:in:)`` writes.
  public static func entries(fromPayload bytes: UnsafeRawBufferPointer) -> [Entry]? {
    if let plain = PlainMessages.entries(bytes.bindMemory(to: UInt8.self).span) { return plain }
    let limits = JSONLimits(bytesMax: 1 << 22)
    guard let value = try? JSONValue(parsing: bytes, limits: limits), value["v"]?.integer == payloadVersion,
      let conversation = value["c"]?.integer.flatMap({ ConversationID(checking: $0) }), let list = value["e"]?.array
    else { return nil }
    let entries = list.compactMap { entry($0, in: conversation) }
    return entries.count == list.count ? entries : nil
  }

  private static func entry(_ value: JSONValue, in conversation: ConversationID) -> Entry? {
    guard let seq = value["q"]?.integer, seq > 0, let id = value["i"]?.integer.flatMap({ EntryID(checking: $0) }),
      id.bucket == conversation.bucket, let time = value["t"]?.integer,
      let author = value["u"]?.integer.flatMap({ UserID(checking: $0) }), let name = value["n"]?.string,
      let code = value["k"]?.integer.flatMap({ Int16(exactly: $0) }), code > 0,
      let detail = value["d"], let event = event(number: code, detail: detail, in: conversation)
    else { return nil }
    return Entry(
      conversation: conversation, seq: seq, id: id, createdAt: Timestamp(milliseconds: time),
      author: Author(id: author, username: name), event: event)
  }
}
