/// Tells code from comments and string literals, well enough for our own formatted sources.
struct CodeText {
  private let bytes: [UInt8]
  private var kept: [UInt8] = []
  private var at = 0

  static func code(of text: String) -> String {
    var scanner = CodeText(bytes: Array(text.utf8))
    scanner.code(until: nil)
    return String(decoding: scanner.kept, as: UTF8.self)
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func sees(_ word: String, at offset: Int = 0) -> Bool {
    bytes[min(at + offset, bytes.count)...].starts(with: word.utf8)
  }

  private mutating func take(_ count: Int, keep: Bool) {
    for _ in 0..<count where at < bytes.count {
      kept.append(keep || bytes[at] == UInt8(ascii: "\n") ? bytes[at] : UInt8(ascii: " "))
      at += 1
    }
  }

  /// Code up to the parenthesis that closes an interpolation, or to the end.
  private mutating func code(until closing: UInt8?) {
    var depth = 0
    while at < bytes.count {
      if sees("//") {
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { take(1, keep: false) }
      } else if sees("/*") {
        comment()
      } else if let (hashes, quotes) = literal() {
        string(hashes: hashes, quotes: quotes)
      } else {
        if bytes[at] == UInt8(ascii: "(") { depth += 1 }
        if bytes[at] == closing, depth == 0 { return }
        if bytes[at] == UInt8(ascii: ")") { depth -= 1 }
        take(1, keep: true)
      }
    }
  }

  private mutating func comment() {
    var depth = 0
    repeat {
      if sees("/*") { depth += 1 }
      if sees("*/") { depth -= 1 }
      take(sees("/*") || sees("*/") ? 2 : 1, keep: false)
    } while depth > 0 && at < bytes.count
  }

  /// How many `#` and `"` begin a literal here.
  private func literal() -> (hashes: Int, quotes: Int)? {
    var hashes = 0
    while sees("#", at: hashes) { hashes += 1 }
    guard sees("\"", at: hashes) else { return nil }
    return (hashes, sees("\"\"\"", at: hashes) ? 3 : 1)
  }

  private mutating func string(hashes: Int, quotes: Int) {
    let marks = String(repeating: "#", count: hashes)
    let end = String(repeating: "\"", count: quotes) + marks
    let escape = "\\" + marks
    take(hashes, keep: false)
    take(quotes, keep: true)
    while at < bytes.count, !sees(end) {
      if sees(escape + "(") {
        take(escape.utf8.count + 1, keep: false)
        code(until: UInt8(ascii: ")"))
        take(1, keep: false)
      } else {
        take(sees(escape) ? escape.utf8.count + 1 : 1, keep: false)
      }
    }
    take(quotes, keep: true)
    take(hashes, keep: false)
  }
}
