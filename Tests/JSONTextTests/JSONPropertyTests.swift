import JSONText
import Testing

/// A generator that repeats itself from a seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite("JSON by the dice") struct JSONPropertyTests {
  private static func string(_ dice: inout SeededGenerator) -> String {
    let alphabet: [Unicode.Scalar] = [
      "a", "\"", "\\", "/", "<", "é", "\u{2028}", "\u{1F600}", "\u{1}", "\u{7f}", " ", "~",
    ]
    var text = ""
    for _ in 0..<Int.random(in: 0...20, using: &dice) {
      text.unicodeScalars.append(alphabet.randomElement(using: &dice) ?? "a")
    }
    return text
  }

  private static func value(_ dice: inout SeededGenerator, depth: Int) -> JSONValue {
    switch Int.random(in: 0...(depth < 6 ? 7 : 5), using: &dice) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &dice))
    case 2: return .integer(Int64.random(in: -JSONLimits.integerMax...JSONLimits.integerMax, using: &dice))
    case 3:
      let number = Double(bitPattern: dice.next())
      return number.isFinite ? .number(number) : .null
    case 4, 5: return .string(string(&dice))
    case 6: return .array((0..<Int.random(in: 0...12, using: &dice)).map { _ in value(&dice, depth: depth + 1) })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0...12, using: &dice) {
        object[string(&dice)] = value(&dice, depth: depth + 1)
      }
      return .object(object)
    }
  }

  /// A double that looks whole is written `1.0`, so numbers stay numbers.
  @Test("what is written is read back the same")
  func roundTrip() throws {
    for seed in UInt64(1)...300 {
      var dice = SeededGenerator(seed)
      let value = Self.value(&dice, depth: 0)
      #expect(try JSONValue(parsing: value.bytes) == value, "seed \(seed)")
    }
  }

  @Test("garbage is accepted or refused, never anything else, and the frame scanner agrees with the parser")
  func garbage() {
    for seed in UInt64(1)...3000 {
      var dice = SeededGenerator(seed)
      var bytes = Self.value(&dice, depth: 4).bytes
      for _ in 0..<Int.random(in: 0...4, using: &dice) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &dice)
        switch Int.random(in: 0...2, using: &dice) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &dice)
        case 1: bytes.remove(at: place)
        default: bytes.insert(Array(#"{}[],:"\u0eE.-1 "#.utf8).randomElement(using: &dice) ?? 0, at: place)
        }
      }
      let tree = Result { () throws(JSONError) in try JSONValue(parsing: bytes) }
      let scan = Result { () throws(JSONError) in try JSONFrame(scanning: bytes.span) }
      if case (.failure(let treeError), .failure(let scanError)) = (tree, scan) {
        let scannerOnly: [JSONError.Reason] = [.notObject, .tooManyMembers, .escapedName]
        #expect(
          treeError == scanError || scannerOnly.contains(scanError.reason) || treeError.reason == .duplicateName,
          "seed \(seed)")
      } else if case (.success, .failure(let scanError)) = (tree, scan) {
        #expect([.notObject, .tooManyMembers, .escapedName].contains(scanError.reason), "seed \(seed)")
      } else if case (.failure(let treeError), .success) = (tree, scan) {
        #expect(treeError.reason == .duplicateName, "seed \(seed)")
      }
    }
  }
}
