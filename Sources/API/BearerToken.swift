import ChatCore
import EntryText
import HTTP1

/// Takes the token out of the `Authorization` header.
///
/// - Source: RFC 6750 section 2.1; exactly one header, the scheme in any case, one space.
public enum BearerToken {
  /// Longer than any token of ours (4 kB) with its scheme.
  private static let headerBytesMax = 8_192

  /// The token of the one header.
  ///
  /// - Throws: `.unauthenticated(.invalidToken)` when there is none, or more than one.
  public static func of(_ headers: HeaderFields) throws(ChatError) -> String {
    let values = headers.values(for: "authorization")
    guard values.count == 1, let value = values.first, value.utf8.count <= headerBytesMax else {
      throw .unauthenticated(.invalidToken)
    }
    let parts = value.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].lowercased() == "bearer", !parts[1].isEmpty else {
      throw .unauthenticated(.invalidToken)
    }
    return String(parts[1])
  }
}

/// Checks that a body is the JSON that it is read as.
enum JSONBody {
  static func check(_ headers: HeaderFields) throws(Refused) {
    guard !headers.contains("content-encoding") else {
      throw Refused(
        Problem(415, "unsupported_media_type", "A body with Content-Encoding is not taken; send it as it is."))
    }
    let types = headers.values(for: "content-type")
    guard types.count == 1, let type = MediaType(parsing: types[0]), type.isSameType(as: .json) else {
      throw Refused(
        Problem(415, "unsupported_media_type", "The body must be JSON: send Content-Type: application/json."))
    }
    guard (type.charset ?? "utf-8") == "utf-8" else {
      throw Refused(
        Problem(415, "unsupported_media_type", "JSON is UTF-8 (RFC 8259 section 8.1); no other charset is taken."))
    }
  }
}
