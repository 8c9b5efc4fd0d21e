import ChatCore
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
    // By bytes: looking for characters in a token costs as much as its signature.
    var token = value
    let start = token.withUTF8 { bytes in
      bytes.count > scheme.count && zip(bytes, scheme).allSatisfy { $0 == $1 || $0 | 0x20 == $1 && $1 != space }
        && !bytes[scheme.count...].contains(space) ? scheme.count : nil
    }
    guard let start else { throw .unauthenticated(.invalidToken) }
    return String(token[token.utf8.index(token.startIndex, offsetBy: start)...])
  }

  private static let space = UInt8(ascii: " ")
  private static let scheme = Array("bearer ".utf8)
}

/// What a `WWW-Authenticate` header says.
///
/// - Source: RFC 6750 section 3: who brought nothing is told the scheme only; who brought a bad token is told so.
enum Challenge {
  static let scheme = "Bearer realm=\"martlet\""
  static let refusedToken =
    scheme + ", error=\"invalid_token\", error_description=\"The token is malformed, expired, revoked or not ours.\""
}
