import HTTP1

/// The trace that a request belongs to, so that its line in the log is found from another service's.
///
/// - Shape: of `traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01` the 32 digits.
/// - Source: W3C Trace Context, section 3.2: lower case, no zero ids, ff is no version, versions after 00 may say more.
enum TraceID {
  static func of(_ headers: HeaderFields) -> String? {
    guard let text = headers["traceparent"] else { return nil }
    let parts = text.split(separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 4 || (parts.count == 5 && parts[0] != "00"), isHex(parts[0], 2), parts[0] != "ff",
      isHex(parts[1], 32), isHex(parts[2], 16), isHex(parts[3], 2), !isZero(parts[1]), !isZero(parts[2])
    else { return nil }
    return String(parts[1])
  }

  private static func isHex(_ part: Substring, _ count: Int) -> Bool {
    part.utf8.count == count
      && part.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }

  private static func isZero(_ part: Substring) -> Bool { part.utf8.allSatisfy { $0 == UInt8(ascii: "0") } }
}
