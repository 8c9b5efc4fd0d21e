import ChatCore
import Testing

@Suite struct UsernameTests {
  @Test(arguments: [
    "ada", "Ada Lovelace", "a", "ada.b_c-9", "Zo\u{EB}", "\u{418}\u{432}\u{430}\u{43D}", "\u{5F20}\u{4F1F}",
    "\u{AC15}", "stra\u{DF}e", "\u{391}\u{3B4}\u{3B1}", "9 lives",
  ])
  func `letters and digits of any script may stand in a name`(text: String) throws {
    #expect(try Username(checking: text).text == text)
  }

  @Test(arguments: [
    "123", "\u{0661}\u{0662}", "...", "a\u{0}b", "a\nb", " ada", "ada ", "a  b", "ada@example", "a/b", "<b>",
    "ada\u{202E}", "a\u{200B}da", "a\u{200D}b", "a\u{AD}b", "\u{FEFF}ada", "\u{3164}", "a\u{115F}", "e\u{301}",
    "\u{915}\u{93F}", "\u{1100}\u{1161}", "\u{212B}", "\u{2126}", "\u{1F71}", "\u{F900}", "\u{1F600}", "a\u{2003}b",
    "a\u{E000}", "a\u{378}",
  ])
  func `what is unseen, misread or has two spellings is refused`(text: String) async {
    await faulty(["/username not_allowed"]) { () throws(ChatError) in try Username(checking: text) }
  }

  @Test func `a name has 1 to 64 bytes, at the limit and one past`() async throws {
    _ = try Username(checking: String(repeating: "a", count: 64))
    _ = try Username(checking: String(repeating: "\u{E9}", count: 32))
    await faulty(["/username too_long"]) { () throws(ChatError) in
      try Username(checking: String(repeating: "a", count: 65))
    }
    await faulty(["/username too_long"]) { () throws(ChatError) in
      try Username(checking: String(repeating: "\u{E9}", count: 32) + "a")
    }
    await faulty(["/username too_short"]) { () throws(ChatError) in try Username(checking: "") }
  }

  @Test(arguments: [
    ("Ada", "ADA"), ("\u{395}\u{3A3}", "\u{3B5}\u{3C2}"), ("\u{3B5}\u{3C3}", "\u{3B5}\u{3C2}"),
    ("STRASSE", "stra\u{DF}e"), ("\u{416}", "\u{436}"), ("\u{1F2}a", "\u{1F3}A"),
  ])
  func `case twins have one key`(one: String, other: String) throws {
    let keys = [try Username(checking: one).key, try Username(checking: other).key]
    #expect(Array(keys[0].utf8) == Array(keys[1].utf8))
  }

  @Test func `no two names that Swift takes for canonically equal differ in bytes`() {
    // A Set takes canonically equal strings for one, so that a twin would be missing from it.
    var kept = 0
    var distinct: Set<String> = []
    for value in UInt32(0)...0x2FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = "a" + String(Character(scalar))
      guard (try? Username(checking: text)) != nil else { continue }
      kept += 1
      distinct.insert(text)
    }
    #expect(kept > 100_000)
    #expect(distinct.count == kept)
  }

  @Test(arguments: [
    // \u{430} is Cyrillic, \u{3BF} Greek, \u{13AA} Cherokee, \u{FF41} full-width, \u{1D41A} bold.
    "\u{430}da", "ad\u{410}", "ada.\u{430}", "\u{3BF}tto", "\u{3BF}\u{43E}", "\u{13AA}da", "\u{5E2}da", "\u{FF41}da",
    "\u{FF21}DA", "\u{1D41A}da", "\u{2071}da", "\u{FF76}\u{FF85}", "ada\u{FF11}", "ada\u{1D7CE}",
    "ada1\u{661}", "ada\u{661}\u{6F1}", "\u{31}\u{430}b", "\u{430}\u{3BF}", "\u{1D2B}da", "stra\u{1E9E}e",
    "\u{1C9}a", "\u{3105}\u{30A2}", "\u{AC00}\u{30A2}", "\u{430}\u{5F20}",
    // Single letters of Korean beside others, and half-width and old ones.
    "pau\u{3163}", "b\u{3147}b", "\u{3161}\u{4E00}", "\u{FFA1}\u{FFA2}", "\u{3165}\u{3131}", "m\u{1D43}",
  ])
  func `nobody registers by a name that looks like another, but who has it goes on`(text: String) throws {
    #expect(try Username(checking: text).text == text)
    #expect(Username.warning(about: text) != nil)
  }

  @Test(arguments: [
    "ada", "ada.b_c-9", "Zo\u{EB}", "stra\u{DF}e", "STRASSE", "\u{418}\u{432}\u{430}\u{43D} 9", "\u{391}\u{3B4}\u{3B1}",
    "\u{39F}\u{394}\u{3A5}\u{3A3}", "\u{3C3}\u{3BF}\u{3C6}\u{3CC}\u{3C2}", "\u{5F20}\u{4F1F}", "\u{5F20}\u{4F1F} Zhang",
    "\u{AC15}ada",
    "\u{30A2}\u{30C0}\u{30FC}", "\u{5C71}\u{306E}Ada\u{30A2}", "\u{3105}\u{5F20}a", "\u{5D0}\u{5D1}",
    "\u{627}\u{628}\u{661}",
    "O\u{2BB}ahu", "\u{13AA}\u{13AB}", "\u{10D0}\u{10D1}", "\u{561}\u{562}", "\u{E01}\u{E02}", "I\u{131}a", "\u{17F}a",
    "\u{B5}\u{3B1}",
    "\u{411}\u{45E}", "\u{259}l",
    // Letters that normal form KC would replace: M\u{AA}, sara am of Thai and Lao, joined letters of Lao and Armenian.
    "M\u{AA} Jos\u{E9}", "n\u{BA}1", "\u{E02}\u{E33}", "\u{E82}\u{EB3}", "\u{EDC}\u{EB2}", "\u{EDD}\u{EB2}",
    "\u{53C}\u{587}\u{578}\u{576}", "\u{3147}\u{3147}", "\u{AC00}\u{314B}\u{314B}",
  ])
  func `names of one script, and of Chinese, Japanese or Korean with Latin, may be taken`(text: String) {
    #expect(Username.warning(about: text) == nil)
  }
}
