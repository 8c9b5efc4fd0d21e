import Testing

/// A dialect that reads longer than its document is doing someone else's work (style.md).
@Suite struct DialectTests {
  /// Folders, and the lines of the seeds that they speak: 000, 001, 002, 003, 004.
  static let documents = ["UmocSession": 163, "Messenger": 91, "Realtime": 754, "Pymessage": 140, "Umoc": 496]

  @Test("a dialect is not longer than its document", arguments: documents.keys.sorted())
  func length(folder: String) throws {
    let files = SourceTree.swift.filter { $0.path.hasPrefix("Sources/Dialects/\(folder)/") }
    let most = try #require(Self.documents[folder])
    let lines = files.reduce(0) { $0 + $1.lines.count - 1 }
    #expect(lines > 0)
    if lines > most { report(["\(folder): \(lines) lines, \(most) in its document"]) }
  }
}
