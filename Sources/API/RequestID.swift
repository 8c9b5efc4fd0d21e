import HTTP1

/// The id that the client, the answer and the log share.
///
/// - Shape: 8 … 64 of `A-Z a-z 0-9 _ -`, taken from `X-Request-ID` when it is that, else 24 random characters.
enum RequestID {
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)

  static func of(_ headers: HeaderFields) -> String {
    if let given = headers["x-request-id"], isAcceptable(given) { return given }
    // Two questions to the kernel, where one for each character cost a sixth of a small request.
    return half(UInt64.random(in: 0..<halves)) + half(UInt64.random(in: 0..<halves))
  }

  /// How many values twelve characters have: 36 to the 12th, so that half an id is one number of 64 bits.
  private static let halves: UInt64 = 4_738_381_338_321_616_896

  private static func half(_ number: UInt64) -> String {
    String(unsafeUninitializedCapacity: 12) { bytes in
      var rest = number
      for place in bytes.indices {
        bytes[place] = alphabet[Int(rest % 36)]
        rest /= 36
      }
      return bytes.count
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
