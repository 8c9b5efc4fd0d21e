/// A text that no log, description or error may show.
struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The text itself, for the one who needs it.
  let revealed: String

  /// Keeps the text.
  init(_ text: String) { self.revealed = text }

  /// Never the text.
  var description: String { Secret.mask }
  /// Never the text.
  var debugDescription: String { Secret.mask }
  /// Never the text.
  var customMirror: Mirror { Mirror(self, children: []) }

  /// What stands in place of a secret.
  static let mask = "•••"
}

/// Bytes that no log, description or error may show.
struct SecretBytes: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The bytes themselves, for the one who needs them.
  let revealed: [UInt8]

  /// Keeps the bytes.
  init(_ bytes: [UInt8]) { self.revealed = bytes }

  /// Never the bytes.
  var description: String { Secret.mask }
  /// Never the bytes.
  var debugDescription: String { Secret.mask }
  /// Never the bytes.
  var customMirror: Mirror { Mirror(self, children: []) }

  /// Bytes of a key: what HMAC-SHA-256 asks for (RFC 7518 section 3.2).
  static let keyBytesMin = 32
  /// Values that differ among the bytes of a key: 32 random ones practically never have fewer than 20.
  static let differentBytesMin = 10

  /// Reads a key as hexadecimal digits or base64url.
  init(key text: Substring) throws(Complaint) {
    guard let bytes = SecretBytes.hexadecimal(text) ?? SecretBytes.base64url(text) else {
      throw Complaint("is neither hexadecimal nor base64url")
    }
    guard bytes.count >= SecretBytes.keyBytesMin else {
      throw Complaint(
        "has \(bytes.count) bytes, and a key has at least \(SecretBytes.keyBytesMin): openssl rand -hex 32")
    }
    guard Set(bytes).count >= SecretBytes.differentBytesMin else {
      throw Complaint("is not random enough for a key: openssl rand -hex 32")
    }
    self.init(bytes)
  }

  /// The bytes of an even number of hexadecimal digits, enough for a key; nil for anything else.
  private static func hexadecimal(_ text: Substring) -> [UInt8]? {
    guard text.utf8.count >= 2 * keyBytesMin, text.utf8.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in text.utf8 {
      guard byte < 0x80, let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      if let first = high {
        bytes.append(first << 4 | UInt8(digit))
        high = nil
      } else {
        high = UInt8(digit)
      }
    }
    return bytes
  }

  /// The bytes of base64url without or with padding (RFC 4648 section 5); nil for anything else.
  private static func base64url(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    var letters = text.utf8
    while letters.last == UInt8(ascii: "=") { letters.removeLast() }
    for letter in letters {
      guard let value = sixBits(letter) else { return nil }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        bits &= (1 << UInt32(count)) - 1
      }
    }
    return bits == 0 && count < 6 ? bytes : nil
  }

  private static func sixBits(_ letter: UInt8) -> UInt32? {
    switch letter {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}

/// One HS256 key and the name by which a token tells that it signed.
struct SigningKey: Sendable, Equatable {
  /// `kid` of the token's header.
  let id: String
  /// The key.
  let secret: SecretBytes
}
