/// The little of HTTP's field grammar that a handshake needs.
enum HeaderText {
  static func trimmed(_ text: Substring) -> String {
    let bytes = text.utf8
    guard let first = bytes.firstIndex(where: { !isSpace($0) }), let last = bytes.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(Substring(bytes[first...last]))
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

  /// What stands between the commas, by bytes: by characters it costs as much as all the rest of a handshake.
  static func items(of value: String, omittingEmpty: Bool) -> [String] {
    value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: omittingEmpty)
      .map { trimmed(Substring($0)) }
  }

  /// - Source: RFC 9110 section 5.6.2.
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: return true
        default: return "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}

/// One extension that a client proposes, with its parameters.
///
/// - Shape: `permessage-deflate; client_max_window_bits; server_max_window_bits=10`
/// - Source: RFC 6455 section 9.1.
struct ExtensionOffer: Equatable {
  var name: String
  var parameters: [Parameter]

  struct Parameter: Equatable {
    var name: String
    var value: String?
  }

  /// All proposals in order; one that does not follow the grammar is left out, which declines it.
  static func parse(_ values: [String]) -> [ExtensionOffer] {
    values.flatMap { $0.split(separator: ",") }.compactMap(ExtensionOffer.init)
  }

  private init?(_ text: Substring) {
    let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(HeaderText.trimmed)
    guard let name = parts.first, HeaderText.isToken(name) else { return nil }
    var parameters: [Parameter] = []
    for part in parts.dropFirst() {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(HeaderText.trimmed)
      guard HeaderText.isToken(sides[0]) else { return nil }
      let value = sides.count > 1 ? ExtensionOffer.unquoted(sides[1]) : nil
      if let value, !HeaderText.isToken(value) { return nil }
      parameters.append(Parameter(name: sides[0].lowercased(), value: value))
    }
    self.name = name.lowercased()
    self.parameters = parameters
  }

  /// A quoted value must be a token inside its quotes (RFC 6455 section 9.1), so there is nothing to unescape.
  private static func unquoted(_ text: String) -> String {
    let isQuoted = text.utf8.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
    return isQuoted ? String(text.dropFirst().dropLast()) : text
  }
}
