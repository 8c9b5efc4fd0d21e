/// Field values that are lists or carry parameters.
///
/// - Source: RFC 9110 section 5.6.
public enum FieldList {
  /// Cuts a value at a separator outside of quoted strings; blanks around the parts are gone, empty parts too.
  public static func split(_ text: String, at separator: UInt8) -> [String] {
    var parts: [String] = []
    var current: [UInt8] = []
    var isQuoted = false
    var isEscaped = false
    for byte in text.utf8 {
      if byte == separator && !isQuoted {
        append(current, to: &parts)
        current = []
        continue
      }
      current.append(byte)
      if isEscaped {
        isEscaped = false
      } else if byte == Byte.quote {
        isQuoted.toggle()
      } else if byte == Byte.backslash && isQuoted {
        isEscaped = true
      }
    }
    append(current, to: &parts)
    return parts
  }

  /// The elements of a comma-separated list over all lines of a field.
  public static func elements(_ values: [String]) -> [String] { values.flatMap { split($0, at: Byte.comma) } }

  /// True for a token of at least one character.
  public static func isToken(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && ByteSet.token.containsAll(text.utf8)
  }

  /// Reads `name=value` or `name="value"`; the name in lower case, the value unquoted.
  ///
  /// - Returns: nil when it does not follow the grammar.
  public static func parameter(_ text: String) -> (name: String, value: String)? {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard sides.count == 2, isToken(sides[0]) else { return nil }
    if isToken(sides[1]) { return (sides[0].lowercased(), String(sides[1])) }
    guard let value = unquoted(Array(sides[1].utf8)) else { return nil }
    return (sides[0].lowercased(), value)
  }

  private static func unquoted(_ bytes: [UInt8]) -> String? {
    guard bytes.count >= 2, bytes.first == Byte.quote else { return nil }
    var value: [UInt8] = []
    var rest = bytes.dropFirst()
    while let byte = rest.popFirst() {
      if byte == Byte.quote { return rest.isEmpty ? String(validating: value, as: UTF8.self) : nil }
      if byte != Byte.backslash { value.append(byte) } else if let next = rest.popFirst() { value.append(next) }
    }
    return nil
  }

  private static func append(_ bytes: [UInt8], to parts: inout [String]) {
    let trimmed = Byte.trimmed(bytes[...])
    if !trimmed.isEmpty { parts.append(String(decoding: trimmed, as: UTF8.self)) }
  }
}
