import Tokens

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

  /// The bytes of enough hexadecimal digits for a key; nil for anything else.
  private static func hexadecimal(_ text: Substring) -> [UInt8]? {
    text.utf8.count >= 2 * keyBytesMin ? Hexadecimal.decode(text.utf8) : nil
  }

  /// The bytes of base64url without or with padding (RFC 4648 section 5); nil for anything else.
  private static func base64url(_ text: Substring) -> [UInt8]? {
    var letters = text.utf8
    while letters.last == UInt8(ascii: "=") { letters.removeLast() }
    return Base64URL.decode(letters)
  }
}

/// One HS256 key and the name by which a token tells that it signed.
struct SigningKey: Sendable, Equatable {
  /// `kid` of the token's header.
  let id: String
  /// The key.
  let secret: SecretBytes
}
