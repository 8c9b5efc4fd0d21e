/// A text of several SQL commands, one by one: Citus passes a command on to other nodes by the text that it came in, so
/// each must come alone.
///
/// - Source: PostgreSQL's documentation, 4.1 (quotes, dollar quotes, comments).
struct SQLScript {
  /// The commands in their order, without what only comments.
  let commands: [String]

  init(_ text: String) {
    var found: [String] = []
    var command: [UInt8] = []
    var scan = Scan(bytes: Array(text.utf8))
    while let piece = scan.next() {
      switch piece {
      case .comment: command.append(UInt8(ascii: " "))
      case .text(let bytes): command += bytes
      case .end:
        SQLScript.keep(command, in: &found)
        command = []
      }
    }
    SQLScript.keep(command, in: &found)
    commands = found
  }

  private static func keep(_ command: [UInt8], in found: inout [String]) {
    let text = String(decoding: command, as: UTF8.self)
    let isBlank = text.allSatisfy(\.isWhitespace)
    if !isBlank { found.append(text) }
  }

  /// The name of the table that a command makes, if that is what it does.
  static func tableMade(by command: String) -> String? {
    command.firstMatch(of: /^\s*CREATE TABLE (?:IF NOT EXISTS )?(\w+)/).map { String($0.1) }
  }

  private struct Scan {
    enum Piece {
      case text(ArraySlice<UInt8>)
      case comment
      case end
    }

    let bytes: [UInt8]
    var place = 0

    mutating func next() -> Piece? {
      guard place < bytes.count else { return nil }
      switch bytes[place] {
      case UInt8(ascii: ";"):
        place += 1
        return .end
      case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(upTo([bytes[place]], from: place + 1))
      case UInt8(ascii: "-") where starts(with: "--", at: place):
        _ = upTo([UInt8(ascii: "\n")], from: place)
        return .comment
      case UInt8(ascii: "/") where starts(with: "/*", at: place):
        _ = upTo(Array("*/".utf8), from: place + 2)
        return .comment
      case UInt8(ascii: "$"):
        if let tag = dollarTag() { return .text(upTo(tag, from: place + tag.count)) }
        return single()
      default: return single()
      }
    }

    private mutating func single() -> Piece {
      place += 1
      return .text(bytes[place - 1..<place])
    }

    /// What stands from here to behind the first such mark after `start`, or to the end.
    private mutating func upTo(_ mark: [UInt8], from start: Int) -> ArraySlice<UInt8> {
      let first = place
      var last = start
      while last < bytes.count, !bytes[last...].starts(with: mark) { last += 1 }
      place = min(bytes.count, last + mark.count)
      return bytes[first..<place]
    }

    private func starts(with mark: String, at place: Int) -> Bool { bytes[place...].starts(with: mark.utf8) }

    /// `$$` or `$word$`; `$1` is none.
    private func dollarTag() -> [UInt8]? {
      guard let end = bytes[(place + 1)...].firstIndex(of: UInt8(ascii: "$")) else { return nil }
      let word = bytes[(place + 1)..<end]
      let isWord = word.allSatisfy { $0 == UInt8(ascii: "_") || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
      return isWord ? Array(bytes[place...end]) : nil
    }
  }
}
