import ChatCore
import JSONText

/// The opaque `cursor` of a list: what the last item of a page was, not to be read by clients.
///
/// - Shape: lower-case hexadecimal of the UTF-8 bytes, so that it needs no escape in a URL.
/// - Limits: ``bytesMax``.
enum Cursor {
  /// The longest cursor, in bytes: a user name of 64 bytes may have a key three times as long, and each byte takes two.
  static let bytesMax = 512
  private static let digits = Array("0123456789abcdef".utf8)

  static func text(_ value: String) -> String {
    var text: [UInt8] = []
    for byte in value.utf8 {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func value(_ text: String) throws(ChatError) -> String {
    let bytes = Array(text.utf8)
    var value: [UInt8] = []
    var index = 0
    while index + 1 < bytes.count, let high = nibble(bytes[index]), let low = nibble(bytes[index + 1]) {
      value.append(high << 4 | low)
      index += 2
    }
    guard index == bytes.count, let value = String(validating: value, as: UTF8.self), !value.utf8.contains(0) else {
      throw invalid
    }
    return value
  }

  static func id<ID: BucketedID>(_ text: String) throws(ChatError) -> ID {
    guard let id: ID = Call.id(try value(text)) else { throw invalid }
    return id
  }

  private static func nibble(_ byte: UInt8) -> UInt8? { digits.firstIndex(of: byte).map(UInt8.init) }

  private static var invalid: ChatError {
    .invalid([
      ChatCore.Fault(
        pointer: "/cursor", code: "invalid_format", detail: "\"cursor\" must be the next_cursor of an earlier page.")
    ])
  }
}

extension Call {
  /// The `limit` of the query.
  var limit: Int? { query.integer("limit").flatMap { Int(exactly: $0) } }

  /// The `cursor` of the query as an id.
  func cursor<ID: BucketedID>() throws(ChatError) -> ID? {
    guard let text = query.string("cursor") else { return nil }
    return try Cursor.id(text)
  }
}

extension Field {
  /// The `limit` and `cursor` of a list's query.
  static func paging(_ limits: Limits) -> [Field] {
    [limit(limits), .string("cursor", .optional, bytes: 1...Cursor.bytesMax, "The next_cursor of an earlier page.")]
  }

  /// The `limit` of a query.
  static func limit(_ limits: Limits) -> Field {
    .integer(
      "limit", .optional, 1...Int64(limits.pageMax), standard: Int64(limits.pageDefault), "How many at most.")
  }
}

extension JSONWriter {
  /// Writes a list's object: `{"<plural>": […], "next_cursor": …}`.
  mutating func listing<Item, Cursor>(
    _ plural: StaticString, _ listing: Listing<Item, Cursor>, cursor: (Cursor) -> String,
    _ write: (Item, inout JSONWriter) -> Void
  ) {
    object { writer in
      writer.key(plural)
      writer.array { writer in for item in listing.items { write(item, &writer) } }
      writer.member("next_cursor", listing.next.map { API.Cursor.text(cursor($0)) })
    }
  }
}
