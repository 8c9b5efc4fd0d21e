import Testing

@testable import Importing

@Suite("Lines of a file")
struct LineReaderTests {
  /// A reader that is given a text in pieces of that many bytes.
  private func reader(_ text: [UInt8], by piece: Int) -> LineReader {
    var rest = text[...]
    return LineReader { (most) throws(LineReader.Failure) in
      let part = rest.prefix(min(most, piece))
      rest = rest.dropFirst(part.count)
      return Array(part)
    }
  }

  @Test("lines are cut wherever the pieces end, with their numbers, and blank ones are counted but not given")
  func lines() throws {
    let text = Array("\u{FEFF}one\r\n\n  \t\ntwo\nthree".utf8)
    for piece in 1...text.count {
      let lines = try reader(text, by: piece).next(9, bytesMax: 999)
      #expect(lines.map(\.number) == [1, 4, 5])
      let texts = lines.compactMap(\.bytes).map { String(decoding: $0, as: UTF8.self) }
      #expect(texts == ["one\r", "two", "three"])
    }
  }

  @Test("a line at the limit is given, one past it is only counted, and the next is found")
  func limit() throws {
    let most = LineReader.lineBytesMax
    let text = [UInt8](repeating: 97, count: most) + [10] + [UInt8](repeating: 98, count: most + 1) + [10, 99]
    for piece in [1_000, 65_536, text.count] {
      let reader = reader(text, by: piece)
      let lengths = try (0..<3).map { _ in try reader.next()?.bytes?.count }
      #expect(lengths == [most, nil, 1])
      #expect(try reader.next() == nil)
    }
  }

  @Test("a batch ends with its lines or with its bytes")
  func batches() throws {
    let reader = reader(Array("aaa\nbbb\nccc\nddd\n".utf8), by: 5)
    #expect(try reader.next(1, bytesMax: 999).map(\.number) == [1])
    #expect(try reader.next(9, bytesMax: 4).map(\.number) == [2, 3])
    #expect(try reader.next(9, bytesMax: 999).map(\.number) == [4])
    #expect(try reader.next(9, bytesMax: 999).isEmpty)
  }

  @Test(
    "a file of another kind is named, instead of each of its lines",
    arguments: [
      ([0xFF, 0xFE, 0x7B, 0x00, 0x0A, 0x00], "UTF-16"), ([0xFE, 0xFF, 0x00, 0x7B], "UTF-16"),
      ([0x1F, 0x8B, 0x08, 0x0A], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), (Array("PK\u{3}\u{4}".utf8), "ZIP"),
      (Array("SQLite format 3\u{0}\n".utf8), "SQLite"),
    ])
  func others(bytes: [UInt8], word: String) {
    let failure = #expect(throws: LineReader.Failure.self) { try reader(bytes, by: 65_536).next() }
    #expect(failure?.reason.contains(word) == true)
    #expect(throws: Never.self) { try reader(Array("{}\n".utf8) + bytes, by: 65_536).next() }
  }

  @Test("what cannot be read ends it")
  func failure() {
    let reader = LineReader { (_) throws(LineReader.Failure) in throw LineReader.Failure(reason: "gone") }
    #expect(throws: LineReader.Failure(reason: "gone")) { try reader.next() }
  }
}
