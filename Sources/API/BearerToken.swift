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
    // By bytes: looking for characters in a token costs as much as its signature.
    guard let token = headers.withOnlyValue(for: "authorization", { $0.withUnsafeBufferPointer(token) }) else {
      throw .unauthenticated(.invalidToken)
    }
    return token
  }

  private static func token(_ value: UnsafeBufferPointer<UInt8>) -> String? {
    let start = scheme.utf8CodeUnitCount
    guard value.count > start, value.count <= headerBytesMax else { return nil }
    for place in 0..<start {
      let (byte, letter) = (value[place], scheme.utf8Start[place])
      guard byte == letter || byte | 0x20 == letter && letter != space else { return nil }
    }
    let token = UnsafeBufferPointer(rebasing: value[start...])
    // Looked for to the end, so that the compiler compares many at once.
    var spaces: UInt8 = 0
    for byte in token { spaces |= byte == space ? 1 : 0 }
    return spaces == 0 ? String(decoding: token, as: UTF8.self) : nil
  }

  private static let space = UInt8(ascii: " ")
  private static var scheme: StaticString { "bearer " }
}

/// What a `WWW-Authenticate` header says.
///
/// - Source: RFC 6750 section 3: who brought nothing is told the scheme only; who brought a bad token is told so.
enum Challenge {
  static let scheme = "Bearer realm=\"martlet\""
  static let refusedToken =
    scheme + ", error=\"invalid_token\", error_description=\"The token is malformed, expired, revoked or not ours.\""
}
