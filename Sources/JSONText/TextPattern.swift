/// Which characters a string may have; one value gives both the check and the pattern in the schema.
///
/// - Shape: `TextPattern(first: "a-z", rest: "a-z0-9_.-", saying: "…")` checks what `^[a-z][a-z0-9_.-]*$` says.
/// - Limits: the classes name ASCII characters only; a trailing `-` stands for itself.
public struct TextPattern: Sendable {
  private enum Rule: Sendable {
    case ascii(first: Set<UInt8>, rest: Set<UInt8>)
    case withoutControls
  }

  private let rule: Rule
  /// The rule as an ECMA 262 regular expression, for the schema.
  public let expression: String
  /// The rule as the end of a sentence: "The member may have …".
  public let saying: String

  /// Strings of these characters, the first of them from a class of its own if given.
  public init(first: String? = nil, rest: String, saying: String) {
    let restClass = Self.members(of: rest)
    rule = .ascii(first: first.map(Self.members) ?? restClass, rest: restClass)
    expression = first.map { "^[\($0)][\(rest)]*$" } ?? "^[\(rest)]*$"
    self.saying = saying
  }

  private init(withoutControls saying: String) {
    rule = .withoutControls
    expression = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$"
    self.saying = saying
  }

  /// One line of any script: no control character, no line or paragraph separator.
  public static let line = TextPattern(withoutControls: "one line of text without control characters")

  /// Whether the text keeps the rule.
  public func matches(_ text: String) -> Bool {
    switch rule {
    case .ascii(let first, let rest):
      var isFirst = true
      for byte in text.utf8 {
        guard (isFirst ? first : rest).contains(byte) else { return false }
        isFirst = false
      }
      return true
    case .withoutControls: return text.unicodeScalars.allSatisfy { !Self.isControl($0) }
    }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: true
    default: false
    }
  }

  /// The characters of a class such as `a-z0-9_`.
  private static func members(of characters: String) -> Set<UInt8> {
    let bytes = Array(characters.utf8)
    var members: Set<UInt8> = []
    var place = 0
    while place < bytes.count {
      if place + 2 < bytes.count, bytes[place + 1] == UInt8(ascii: "-"), bytes[place] <= bytes[place + 2] {
        members.formUnion(bytes[place]...bytes[place + 2])
        place += 3
      } else {
        members.insert(bytes[place])
        place += 1
      }
    }
    return members
  }
}
