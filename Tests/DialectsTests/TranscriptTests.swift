import Foundation
import TestKit
import Testing

@testable import Dialects

/// The stories that lie in `Transcripts/<folder>`.
enum Stories {
  static let folders = [("Realtime", Dialect.realtime)]

  static func all(of folder: String) throws -> [(name: String, text: String)] {
    let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Transcripts/\(folder)")
    return try FileManager.default.contentsOfDirectory(atPath: directory.path()).sorted().map { name in
      (name, try String(contentsOf: directory.appending(path: name), encoding: .utf8))
    }
  }
}

@Suite struct TranscriptTests {
  @Test(arguments: Stories.folders)
  func `each story of a dialect goes as it is told, over memory adapters`(_ folder: String, _ dialect: Dialect)
    async throws
  {
    let stories = try Stories.all(of: folder)
    #expect(!stories.isEmpty)
    for story in stories {
      do {
        try await TranscriptPlayer.play(try Transcript(story.text), on: MemoryStage(dialect))
      } catch {
        Issue.record("\(folder)/\(story.name) \(error)")
      }
    }
  }
}
