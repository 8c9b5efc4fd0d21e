/// The trace that a request belongs to, as whoever sent it says.
///
/// - Shape: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`: version, trace, the sender's span, flags.
/// - Source: W3C Trace Context, section 3.2: lower case, no zero ids, ff is no version, versions after 00 may say more.
public struct TraceParent: Sendable, Hashable {
  /// The trace: 32 hexadecimal digits.
  public let trace: String
  /// The span of who sent it: 16 hexadecimal digits.
  public let span: String
  /// Whether he records the trace himself, and wants us to.
  public let isSampled: Bool

  /// Reads the header's value; nil when there is none, or it is not as the specification says.
  public init?(_ text: String?) {
    guard let parts = text?.split(separator: "-", maxSplits: 4, omittingEmptySubsequences: false),
      parts.count == 4 || (parts.count == 5 && parts[0] != "00"), Self.isHex(parts[0], 2), parts[0] != "ff",
      Self.isHex(parts[1], 32), Self.isHex(parts[2], 16), Self.isHex(parts[3], 2), !Self.isZero(parts[1]),
      !Self.isZero(parts[2]), let flags = UInt8(parts[3], radix: 16)
    else { return nil }
    trace = String(parts[1])
    span = String(parts[2])
    isSampled = flags & 1 == 1
  }

  private static func isHex(_ part: Substring, _ count: Int) -> Bool {
    part.utf8.count == count
      && part.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }

  private static func isZero(_ part: Substring) -> Bool { part.utf8.allSatisfy { $0 == UInt8(ascii: "0") } }
}
