import EntryText
import HTTP1

/// Checks that a body says to be the JSON that it is read as.
enum JSONBody {
  static func check(_ headers: HeaderFields) throws(Refused) {
    guard !headers.contains("content-encoding") else {
      throw refused("A body with Content-Encoding is not taken; send it as it is.")
    }
    let types = headers.values(for: "content-type")
    guard types.count == 1, let type = MediaType(parsing: types[0]), type.isSameType(as: .json) else {
      throw refused(nil)
    }
    guard (type.charset ?? "utf-8") == "utf-8" else {
      throw refused("JSON is UTF-8 (RFC 8259 section 8.1); no other charset is taken.")
    }
  }

  private static func refused(_ detail: String?) -> Refused {
    Refused(RequestRefusal.unsupportedMediaType.problem(detail))
  }
}
