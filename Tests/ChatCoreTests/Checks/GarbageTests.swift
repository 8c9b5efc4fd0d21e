import TestKit
import Testing

@testable import ChatCore

/// Texts that people, their programs and old exports send: judged, and never a trap.
struct GarbageTests {
  private static let marks = [
    " ", "\u{301}", "é", "\u{200D}", "👍🏽", "🏳️‍🌈", "\u{1F1E9}", "\u{115F}", "\u{202E}", "\u{FFFD}", "\r\n", "\0", "@", ".",
    ":",
    "/", "//", "\\", "?", "#", "-", "_", "T", "Z", "+", "00", "9", "https://", "javascript:", "\u{10FFFF}",
    String(repeating: "\u{301}", count: 40), String(repeating: "x", count: 300),
  ]

  private static func texts(_ samples: [String]) -> [String] {
    Garbage.of(samples, marks: marks).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `moments`() {
    let samples = ["2023-05-04T10:00:00Z", "2024-02-29T23:59:60.123456789+14:00", "0000-01-01T00:00:00.5-23:59"]
    var read = 0
    for text in Self.texts(samples) {
      guard let moment = Timestamp(rfc3339: text) else { continue }
      read += 1
      #expect(moment.rfc3339.utf8.count == 24)
    }
    #expect(read > 50)
    for milliseconds in [.min, -1, 0, .max] as [Int64] {
      #expect(Timestamp(milliseconds: milliseconds).rfc3339.utf8.count == 24)
    }
  }

  @Test func `names, texts and links`() {
    let limits = Limits()
    let rules = [
      limits.username, limits.displayName, limits.title, limits.device, limits.picture, limits.email, limits.avatarURL,
      limits.newPassword, limits.text, limits.clientMessageID, limits.emoji, limits.importKey, limits.query,
    ]
    let samples = ["ada.lovelace_7", "ada@chat.example", "https://chat.example:443/a?b#c", "👍🏽", "Grüße, Ada\nBob"]
    var allowed = 0
    for text in Self.texts(samples) {
      for rule in rules where rule.fault(in: text) == nil { allowed += 1 }
      let name = Username.allowed(text, limits)
      #expect(Username.shortened(name, limits, end: "_9").utf8.count <= limits.usernameBytesMax)
      _ = Username(stored: text).bucket
    }
    #expect(allowed > 1_000)
  }

  @Test func `files`() {
    let samples = [
      "../a/b\\c.tar.gz", "00000000-0001-8001-8123-456789abcdef_a.png", String(repeating: "é", count: 200),
    ]
    for text in Self.texts(samples) {
      let name = FileName.cleaned(text)
      #expect((1...FileName.bytesMax).contains(name.utf8.count))
      _ = PublicFileName(parsing: text)?.text
    }
    #expect(PublicFileName(parsing: samples[1]) != nil)
    let heads: [[UInt8]] = [
      [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10], [0xFF, 0xFB, 0x90, 0x64],
      [0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 40),
      Array("RIFF....WEBPVP8 ".utf8), [0, 0, 0, 0x18] + Array("ftypmp42".utf8),
    ]
    for bytes in Garbage.of(heads, marks: ["[Content_Types].xml", "word/", "ftyp", "\0"]) {
      _ = (FileType(sniffing: bytes[...]), FileType(sniffing: bytes.dropFirst(3)))
    }
  }

  @Test func `traces`() {
    let sample = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    #expect(TraceParent(sample) != nil)
    for text in Self.texts([sample, "cc-" + sample.dropFirst(3) + "-more"]) { _ = TraceParent(text) }
  }
}
