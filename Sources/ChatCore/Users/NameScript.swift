/// A script that holds letters which look like those of another, or that is written beside another; the rest is one.
enum NameScript: Hashable {
  case latin, greek, cyrillic, han, kana, bopomofo, hangul, jamo, other

  /// The script of a letter; nil for what is of none: digits, signs, letters that several scripts use.
  ///
  /// - Cost: a look through some 30 ranges.
  init?(of scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: break
    default: return nil
    }
    if NameScript.shared.contains(where: { $0.contains(scalar.value) }) { return nil }
    self = NameScript.ranges.first { $0.values.contains(scalar.value) }?.script ?? .other
  }

  /// Letters from one of these to another are of that script; letters of others between them stand in rows before.
  /// Those that no new name's key may hold, such as full-width ones, stand in none.
  ///
  /// - Source: Unicode 14.0, Scripts.txt (property Script), letters only; ranges go on to the end of their block, where
  ///   later versions have added letters. Hiragana and Katakana are one here, and marks that only they use are theirs
  ///   (ScriptExtensions.txt).
  static let ranges: [(values: ClosedRange<UInt32>, script: NameScript)] = [
    (0x1D26...0x1D2A, .greek), (0x1D2B...0x1D2B, .cyrillic), (0xAB65...0xAB65, .greek), (0x0041...0x02B8, .latin),
    (0x0370...0x03E1, .greek), (0x03F0...0x03FF, .greek), (0x0400...0x052F, .cyrillic), (0x1C80...0x1C8F, .cyrillic),
    (0x1D00...0x1DBE, .latin), (0x1E00...0x1EFF, .latin), (0x1F00...0x1FFF, .greek), (0x214E...0x2184, .latin),
    (0x2C60...0x2C7F, .latin), (0x3005...0x3007, .han), (0x3031...0x3035, .kana), (0x303B...0x303B, .han),
    (0x3041...0x30FF, .kana), (0x3105...0x312F, .bopomofo), (0x3131...0x3163, .jamo), (0x31A0...0x31BF, .bopomofo),
    (0x31F0...0x31FF, .kana), (0x3400...0x9FFF, .han), (0xA640...0xA69F, .cyrillic), (0xA722...0xA7FF, .latin),
    (0xA960...0xA97C, .hangul), (0xAB30...0xAB6F, .latin), (0xAC00...0xD7FB, .hangul), (0xF900...0xFAFF, .han),
    (0x10780...0x107BF, .latin), (0x16FE3...0x16FE3, .han), (0x1AFF0...0x1B16F, .kana), (0x1DF00...0x1DFFF, .latin),
    (0x20000...0x3FFFF, .han),
  ]

  /// Letters of several scripts (Common), such as the apostrophe of O\u{2BB}ahu.
  private static let shared: [ClosedRange<UInt32>] = [
    0x02B9...0x02DF, 0x02EC...0x02EE, 0x0640...0x0640, 0x2E2F...0x2E2F, 0xA717...0xA71F, 0xA788...0xA788,
  ]

  /// Letters that normal form KC replaces although a language is written with them as they are: \u{AA} and \u{BA} of
  /// Spanish, Portuguese and Italian, sara am of Thai and Lao, the joined letters of Lao, and the single letters of
  /// Korean. None looks like what replaces it, or that may not stand in a name.
  static let written: [ClosedRange<UInt32>] = [
    0x00AA...0x00AA, 0x00BA...0x00BA, 0x0E33...0x0E33, 0x0EB3...0x0EB3, 0x0EDC...0x0EDD, 0x3131...0x3163,
  ]

  /// What may stand beside each other in one name: one script, or the writing of one of three languages with Latin.
  ///
  /// Single letters of Korean stand beside its syllables only: \u{3163} would be an l, \u{3147} an o, \u{3161} the Han
  /// letter of one.
  ///
  /// - Source: UTS 39, section 5.2, "Highly Restrictive".
  static func mayMix(_ scripts: Set<NameScript>) -> Bool {
    scripts.count <= 1
      || [[.latin, .han, .kana], [.latin, .han, .bopomofo], [.latin, .han, .hangul], [.hangul, .jamo]].contains {
        scripts.isSubset(of: $0)
      }
  }
}

extension Username {
  /// What makes a name look like another that is written with other letters.
  ///
  /// Asked of names that are new; whoever has such a name from before keeps it. Names all of whose letters are of one
  /// other script and look like Latin ones (`\u{441}\u{43E}\u{441}\u{43E}`, `coco`) are let be: many are words.
  ///
  /// - Source: UTS 39, sections 5.2 and 5.3 (mixed scripts and mixed numbers); what NFKC would replace, such as
  ///   full-width letters, is not allowed in identifiers (UAX 31, Not_NFKC). From that ``NameScript/written`` departs.
  static func disguise(_ text: String) -> TextRule.Flaw? {
    let key = key(of: text)
    // A capital that comes back as another letter than it would as a small one, as \u{1E9E} does, has a twin.
    let isPlain = key.unicodeScalars.allSatisfy(\.isPlain) && Username.key(of: key).utf8.elementsEqual(key.utf8)
    if !isPlain { return .notAllowed("be of plain letters and digits, not of full-width, styled or joined ones") }
    if !NameScript.mayMix(Set(key.unicodeScalars.compactMap(NameScript.init(of:)))) {
      return .notAllowed(
        "be written in one script, since letters of two look alike (Chinese, Japanese and Korean may stand with Latin)")
    }
    if Set(key.unicodeScalars.compactMap(\.zero)).count > 1 {
      return .notAllowed("have digits of one kind, since those of two look alike")
    }
    return nil
  }

  /// What is wrong with a name that somebody has and nobody may take any more, in a sentence; nil for most.
  public static func warning(about text: String, _ limits: Limits = Limits()) -> String? {
    limits.username.fault(in: text) == nil ? limits.newUsername.fault(in: text)?.detail : nil
  }
}

extension Unicode.Scalar {
  /// Whether compatibility normalisation leaves it as it is; that of letters without case, since case is folded there
  /// too. Besides, what is written so.
  var isPlain: Bool {
    !properties.changesWhenNFKCCaseFolded || properties.changesWhenCaseFolded
      || NameScript.written.contains { $0.contains(value) }
  }

  /// The zero beside which a decimal digit stands.
  fileprivate var zero: UInt32? {
    guard properties.generalCategory == .decimalNumber, let number = properties.numericValue else { return nil }
    return value &- UInt32(max(0, min(9, number)))
  }
}
