/// A user name that may be stored, and the key under which it is unique.
///
/// - Limits: 1 … ``Limits/usernameBytesMax`` UTF-8 bytes; letters and digits of any script, `.`, `_`, `-`, and single
///   spaces inside; at least one letter, so that it is never taken for an id. Each letter is one precomposed scalar:
///   combining marks and scalars that have another, canonical spelling are refused, so that each name has one spelling.
///   Who registers may besides not mix scripts whose letters look alike, nor kinds of digits, nor use full-width and
///   other styled letters.
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

  /// A name from outside.
  ///
  /// - Throws: `.invalid` at `/username`, codes `too_short`, `too_long`, `not_allowed`.
  public init(checking text: String, limits: Limits = Limits()) throws(ChatError) {
    if let fault = limits.username.fault(in: text) { throw .invalid([fault]) }
    self.init(stored: text)
  }

  /// The key of a text: to upper case and back to lower, so that letters with several lower forms (σ, ς) meet.
  public static func key(of text: String) -> String { text.uppercased().lowercased() }

  /// The bucket of the name, and of the user who registers it.
  public var bucket: Bucket { Bucket(ofUsernameKey: key) }
}

extension Username {
  /// What is wrong with the characters of a name.
  static func flaw(_ text: String) -> TextRule.Flaw? {
    var before: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      guard scalar.mayStandInName else {
        return .notAllowed("hold only letters and digits (without combining marks), . _ - and spaces")
      }
      if scalar == " ", before == " " { return .notAllowed("hold no two spaces in a row") }
      before = scalar
    }
    if !text.unicodeScalars.contains(where: \.isLetter) { return .notAllowed("hold at least one letter") }
    return TextRule.edgeFlaw(text)
  }
}

extension Unicode.Scalar {
  fileprivate var mayStandInName: Bool {
    switch self {
    case ".", "_", "-", " ": true
    default: (isLetter || properties.generalCategory == .decimalNumber) && isOnlySpelling
    }
  }

  fileprivate var isLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// Whether no other sequence of allowed scalars is canonically equivalent to it.
  ///
  /// A text without marks is in normal form C when it has no composition exclusion and no conjoining jamo (the only
  /// letters that compose with a letter before them); then canonically equivalent names are equal byte by byte.
  /// Fillers, which are letters that show nothing, go with the ignorable.
  private var isOnlySpelling: Bool {
    let isConjoiningJamo = (0x1100...0x11FF).contains(value)
    return !properties.isFullCompositionExclusion && !isConjoiningJamo && !properties.isDefaultIgnorableCodePoint
  }
}
