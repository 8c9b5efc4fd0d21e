import COpenSSL

/// The opening handshake: an HTTP request that asks to go on as WebSocket.
///
/// It knows nothing of an HTTP library: the caller gives the method, the version and a closure that finds header
/// values.
///
/// - Source: RFC 6455 section 4, RFC 7692 section 7.
public enum Handshake {
  /// What this server offers.
  public struct Offer: Sendable {
    /// Subprotocols, the preferred first; empty when none is spoken.
    public var subprotocols: [String]
    /// Whether and how messages are compressed; nil: never. Off by default, since a window costs memory per connection.
    public var compression: CompressionOffer?

    /// An offer by its parts.
    public init(subprotocols: [String] = [], compression: CompressionOffer? = nil) {
      self.subprotocols = subprotocols
      self.compression = compression
    }
  }

  /// What was agreed.
  public struct Agreement: Sendable, Equatable {
    /// The value of Sec-WebSocket-Accept.
    public var acceptKey: String
    /// The subprotocol, when client and server share one.
    public var subprotocol: String?
    /// The terms of compression, when it was agreed on.
    public var compression: DeflateTerms?

    /// The header fields of the 101 answer.
    public var headers: [(name: String, value: String)] {
      var headers = [
        (name: "Upgrade", value: "websocket"), (name: "Connection", value: "Upgrade"),
        (name: "Sec-WebSocket-Accept", value: acceptKey),
      ]
      if let subprotocol { headers.append((name: "Sec-WebSocket-Protocol", value: subprotocol)) }
      if let compression { headers.append((name: "Sec-WebSocket-Extensions", value: compression.headerValue)) }
      return headers
    }
  }

  /// Why a handshake is refused, and the answer's status.
  public struct Refusal: Error, Sendable, Equatable {
    /// The HTTP status.
    public var status: Int
    /// One sentence for the client.
    public var reason: String

    /// Header fields that the answer needs: the version that is spoken, the method that is taken.
    public var headers: [(name: String, value: String)] {
      switch status {
      case 426: return [(name: "Sec-WebSocket-Version", value: "13"), (name: "Upgrade", value: "websocket")]
      case 405: return [(name: "Allow", value: "GET")]
      default: return []
      }
    }
  }

  /// Checks a request and agrees on its terms.
  ///
  /// Who may connect (origin, token) is the caller's to decide before.
  ///
  /// - Parameters:
  ///   - isHTTP11: false for HTTP/1.0, which knows no upgrade.
  ///   - hasBody: true when the request announces a body; its bytes would be taken for frames.
  ///   - values: all values of a header field, one a line.
  public static func agree(
    method: String, isHTTP11: Bool, hasBody: Bool, offer: Offer, values: (String) -> [String]
  ) throws(Refusal) -> Agreement {
    guard method == "GET" else { throw Refusal(status: 405, reason: "A handshake is a GET.") }
    guard isHTTP11, !hasBody else { throw Refusal(status: 400, reason: "A handshake is HTTP/1.1 and has no body.") }
    guard hasToken("websocket", values("Upgrade")), hasToken("upgrade", values("Connection")) else {
      throw Refusal(status: 426, reason: "This address speaks WebSocket.")
    }
    guard values("Sec-WebSocket-Version") == ["13"] else {
      throw Refusal(status: 426, reason: "Only version 13 is spoken.")
    }
    let keys = values("Sec-WebSocket-Key")
    guard keys.count == 1, isKey(keys[0]) else {
      throw Refusal(status: 400, reason: "Sec-WebSocket-Key is 16 bytes in base64.")
    }
    let extensions = ExtensionOffer.parse(values("Sec-WebSocket-Extensions"))
    return Agreement(
      acceptKey: acceptKey(for: keys[0]),
      subprotocol: try subprotocol(values("Sec-WebSocket-Protocol"), offer.subprotocols),
      compression: offer.compression.flatMap { compression in extensions.firstNonNil(compression.agree) })
  }

  /// What the server answers to a key: proof that it has understood, no secret.
  public static func acceptKey(for key: String) -> String {
    let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
    var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
    SHA1(text, text.count, &digest)
    return base64(digest)
  }

  /// A client's key from sixteen random bytes.
  public static func key(random: (UInt64, UInt64)) -> String {
    base64(withUnsafeBytes(of: random) { Array($0) })
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    // Four characters for three bytes, and a NUL that OpenSSL adds.
    var text = [UInt8](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
    let count = EVP_EncodeBlock(&text, bytes, Int32(truncatingIfNeeded: bytes.count))
    return String(decoding: text.prefix(Int(count)), as: UTF8.self)
  }

  private static func isKey(_ key: String) -> Bool {
    guard key.utf8.count == 24, key.utf8.suffix(2).elementsEqual([0x3D, 0x3D]) else { return false }
    return key.utf8.dropLast(2).allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F: return true
      default: return false
      }
    }
  }

  private static func hasToken(_ token: String, _ values: [String]) -> Bool {
    // As nearly every client writes it.
    if values.count == 1, isEqual(values[0], token) { return true }
    return values.contains { HeaderText.items(of: $0, omittingEmpty: true).contains { $0.lowercased() == token } }
  }

  /// Without regard to case; `token` is small ASCII letters, which nothing else but their capitals becomes by that bit.
  private static func isEqual(_ text: String, _ token: String) -> Bool {
    text.utf8.count == token.utf8.count
      && zip(text.utf8, token.utf8).allSatisfy { $0 | 0x20 == $1 }
  }

  private static func subprotocol(_ values: [String], _ offered: [String]) throws(Refusal) -> String? {
    if values.count == 1, let only = offered.first(where: { $0.utf8.elementsEqual(values[0].utf8) }) { return only }
    let asked = values.flatMap { HeaderText.items(of: $0, omittingEmpty: false) }
    guard asked.allSatisfy(HeaderText.isToken), Set(asked).count == asked.count else {
      throw Refusal(status: 400, reason: "Sec-WebSocket-Protocol is a list of different tokens.")
    }
    return offered.first { asked.contains($0) }
  }
}

extension Handshake.Agreement {
  /// True when both agree in everything that the answer says.
  public static func == (left: Self, right: Self) -> Bool {
    left.acceptKey == right.acceptKey && left.subprotocol == right.subprotocol && left.compression == right.compression
  }
}

extension Array {
  fileprivate func firstNonNil<Result>(_ transform: (Element) -> Result?) -> Result? {
    for element in self {
      if let result = transform(element) { return result }
    }
    return nil
  }
}
