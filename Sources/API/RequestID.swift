import HTTP1

/// The id that the client, the answer and the log share.
///
/// - Shape: 8 … 64 of `A-Z a-z 0-9 _ -`, taken from `X-Request-ID` when it is that, else 24 random characters.
enum RequestID {
  /// 32 characters, so that five bits are one and none is likelier than another.
  private static let alphabet: [UInt8] = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)

  /// - Parameter random: gives a number; twelve characters are made of each.
  static func of(_ headers: HeaderFields, random: () -> UInt64) -> String {
    if let given = headers["x-request-id"], isAcceptable(given) { return given }
    let (first, second) = (random(), random())
    return String(unsafeUninitializedCapacity: 24) { buffer in
      for place in 0..<24 {
        let bits = place < 12 ? first : second
        buffer[place] = alphabet[Int(truncatingIfNeeded: bits >> UInt64(place % 12 * 5)) & 31]
      }
      return 24
    }
  }

  private static func isAcceptable(_ text: String) -> Bool {
    (8...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
