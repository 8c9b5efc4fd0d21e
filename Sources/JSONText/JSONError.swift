/// Why a text is not JSON as this module reads it, and where.
///
/// - Units: `offset` counts bytes from the start of the text.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The rule that was broken.
  public enum Reason: String, Sendable, CaseIterable {
    case empty = "The text is empty."
    case tooLarge = "The text is longer than allowed."
    case tooDeep = "Arrays and objects are nested too deeply."
    case notUTF8 = "The text is not valid UTF-8."
    case byteOrderMark = "A byte order mark is not allowed."
    case unexpectedByte = "This byte does not belong here."
    case unexpectedEnd = "The text ends too early."
    case trailingBytes = "Something follows the value."
    case trailingComma = "A comma before a closing bracket is not allowed."
    case duplicateName = "An object has the same name twice."
    case controlCharacter = "A control character in a string must be escaped."
    case nulCharacter = "The character U+0000 is not allowed."
    case badEscape = "This escape does not exist."
    case loneSurrogate = "Half a surrogate pair is not a character."
    case badNumber = "This is not a number as JSON writes it."
    case numberOutOfRange = "The number is outside of the range that every reader keeps."
    case numberTooLong = "The number has too many digits."
    case notObject = "The text is not an object."
    case tooManyMembers = "The object has too many members."
    case escapedName = "A frame's names are written without escapes."
  }

  /// The rule that was broken.
  public let reason: Reason
  /// Where, in bytes from the start.
  public let offset: Int

  /// An error, spelled out.
  public init(reason: Reason, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// A sentence for the client's developer; it repeats nothing of the text.
  public var description: String { "\(reason.rawValue) (byte \(offset))" }
}
