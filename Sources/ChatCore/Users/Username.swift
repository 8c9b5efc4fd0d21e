/// A user name that may be stored, and the key under which it is unique.
///
/// - Limits: 1 … ``Limits/usernameBytesMax`` UTF-8 bytes; letters, digits and `. _ -` and space inside, no control,
///   bidirectional or invisible characters; not only digits, so that it is never taken for an id.
public struct Username: Hashable, Sendable {
  /// As he wrote it.
  public let text: String
  /// What must be unique: without case, `STRASSE`, `strasse` and `straße` being one.
  public let key: String

  /// A name that a store remembers.
  public init(stored text: String) {
    self.text = text
    self.key = Username.key(of: text)
  }

  /// The key of a text: to upper case and back to lower, so that letters with several lower forms (σ, ς) meet.
  public static func key(of text: String) -> String { text.uppercased().lowercased() }

  /// The bucket of the name, and of the user who registers it.
  public var bucket: Bucket { Bucket(ofUsernameKey: key) }
}
