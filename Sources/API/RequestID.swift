import HTTP1

/// The id that the client, the answer and the log share.
///
/// - Shape: 8 … 64 of `A-Z a-z 0-9 _ -`, taken from `X-Request-ID` when it is that, else 24 random characters.
enum RequestID {
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)

  static func of(_ headers: HeaderFields) -> String {
    if let given = headers["x-request-id"], isAcceptable(given) { return given }
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<24).map { _ in alphabet[Int(random.next(upperBound: UInt(alphabet.count)))] }
    return String(decoding: bytes, as: UTF8.self)
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
