extension TextRule {
  /// Message text: no C0 control but tab and line ends, with CR too since Windows pastes it, and something to be seen.
  static func proseFlaw(_ text: String) -> Flaw? {
    // Bytes below 0x20 stand for themselves in UTF-8, so that no text is decoded for them.
    if ByteScan.hasAny(of: text, inWords: ByteScan.controls, { $0 < 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }) {
      return .notAllowed("hold no control characters but line feed, carriage return and tab")
    }
    return isBlank(text) ? .notAllowed("hold more than blanks") : nil
  }

  /// Whether nothing is to be seen; a text that begins with a visible character of ASCII is judged by its first byte.
  private static func isBlank(_ text: String) -> Bool {
    if let first = text.utf8.first, first > 0x20, first < 0x7F { return false }
    return text.unicodeScalars.allSatisfy(\.isBlank)
  }

  /// Secrets and ids: any characters but controls.
  static func controlFlaw(_ text: String) -> Flaw? {
    guard ByteScan.hasAny(of: text, inWords: ByteScan.others, { $0 < 0x20 || $0 > 0x7E }) else { return nil }
    return text.unicodeScalars.contains {
      $0.value < 0x7F ? $0.value < 0x20 : $0.properties.generalCategory == .control
    }
      ? .notAllowed("hold no control characters") : nil
  }

  /// One line for people to read: a title, a display name, a device.
  static func lineFlaw(_ text: String, marksMax: Int) -> Flaw? {
    var marks = 0
    for scalar in text.unicodeScalars {
      if scalar.breaksLines || scalar.properties.isBidiControl || scalar.isUnseen {
        return .notAllowed("hold no control, bidirectional or invisible characters")
      }
      marks = scalar.isMark ? marks + 1 : 0
      if marks > marksMax { return .notAllowed("hold at most \(marksMax) combining marks on one letter") }
    }
    if text.unicodeScalars.allSatisfy(\.isBlank) { return .notAllowed("hold more than blanks") }
    return edgeFlaw(text)
  }

  /// One emoji: a single character that is drawn as a picture, by itself or since it says so (U+FE0F, U+20E3).
  static func emojiFlaw(_ text: String) -> Flaw? {
    let scalars = text.unicodeScalars
    // Digits and signs like © count as emoji to Unicode; they become pictures only with a selector.
    let isPicture =
      scalars.first.map { first in
        first.properties.isEmoji
          && (first.value > 0xFF || scalars.contains { $0.value == 0xFE0F || $0.value == 0x20E3 })
      } ?? false
    return isPicture && text.count == 1 ? nil : .notAllowed("be one emoji")
  }

  /// No white space at either end, where nobody sees it.
  static func edgeFlaw(_ text: String) -> Flaw? {
    let edges = [text.unicodeScalars.first, text.unicodeScalars.last].compactMap { $0 }
    return edges.contains { $0.properties.isWhitespace } ? .notAllowed("neither begin nor end with a space") : nil
  }

  /// An address as far as it can be told without writing to it: something, one `@`, something with a dot or not; no
  /// blanks.
  static func addressFlaw(_ text: String) -> Flaw? {
    let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    let clean = text.unicodeScalars.allSatisfy { !$0.breaksLines && !$0.isBlank && !$0.properties.isBidiControl }
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && clean
      ? nil : .invalidFormat("be an address like ada@example.org")
  }

  /// Where something is: a path, or an address of the web. Other schemes (`javascript:`, `data:`) end up in pages of
  /// clients that trust us.
  static func linkFlaw(_ text: String) -> Flaw? {
    if text.unicodeScalars.contains(where: { $0.breaksLines || $0.isBlank || $0.properties.isBidiControl }) {
      return .notAllowed("hold no blanks and no control characters")
    }
    return schemeFlaw(text)
  }

  /// A path, or an address of the web; nothing that runs where it is shown (`javascript:`, `data:`).
  static func schemeFlaw(_ text: String) -> Flaw? {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let scheme = text[..<colon]
    let isPath = scheme.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
    return isPath || ["http", "https"].contains(scheme.lowercased())
      ? nil : .invalidFormat("be a path, or begin with https:// or http://")
  }
}

extension Unicode.Scalar {
  /// Whether it shows nothing: white space, or ignorable by default (zero width, fillers, joiners).
  var isBlank: Bool { properties.isWhitespace || properties.isDefaultIgnorableCodePoint }

  /// Whether it ends a line or commands a terminal.
  var breaksLines: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// Whether it is there only to be invisible; the joiners, which emoji and some scripts need, are not.
  var isUnseen: Bool {
    switch value {
    case 0x180E, 0x200B, 0x2060, 0x2061...0x2064, 0xFEFF: true
    default: false
    }
  }

  /// Whether it is drawn onto the letter before it.
  var isMark: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: false
    }
  }
}
