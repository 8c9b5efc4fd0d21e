import HTTP1

/// The id that the client, the answer and the log share.
///
/// - Shape: 8 … 64 of `A-Z a-z 0-9 _ -`, taken from `X-Request-ID` when it is that, else 24 random characters.
enum RequestID {
  /// 32 characters, so that five bits are one and none is likelier than another.
  private static let alphabet: [UInt8] = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)

  static func of(_ headers: HeaderFields) -> String {
    if let given = headers["x-request-id"], isAcceptable(given) { return given }
    return random()
  }

  private static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    // Each of them is a call of the kernel: two, and twelve characters of each, instead of one a character.
    let bits = [generator.next(), generator.next()]
    return String(unsafeUninitializedCapacity: 24) { buffer in
      for place in 0..<24 {
        buffer[place] = alphabet[Int(truncatingIfNeeded: bits[place / 12] >> UInt64(place % 12 * 5)) & 31]
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
