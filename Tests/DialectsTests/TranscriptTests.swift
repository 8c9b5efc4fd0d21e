import IORuntime
import TestKit
import Testing

@testable import Dialects

/// The same stories, dialect alone and on one node; ClusterTests plays them on two.
@Suite struct TranscriptTests {
  /// The folders of the stories, and whose they are.
  static let dialects: [(String, Dialect)] = [("Realtime", .realtime)]

  @Test(arguments: dialects.map(\.0))
  func `each story goes as it is told, over memory adapters`(folder: String) async throws {
    let dialect = try #require(Self.dialects.first { $0.0 == folder }?.1)
    let stories = try Stories.of(folder)
    #expect(!stories.isEmpty)
    for story in stories {
      do {
        try await TranscriptPlayer.play(story.transcript, on: MemoryStage(dialect))
      } catch {
        Issue.record("\(folder)/\(story) \(error)")
      }
    }
  }

  @Test func `each story goes as it is told, on a node over real sockets`() async throws {
    let node = try await DevNode.start()
    defer { node.end() }
    let address = node.address
    for (folder, dialect) in Self.dialects {
      let (name, carrier) = (dialect.name, dialect.carrier == .socketIO ? NetworkStage.Carrier.socketIO : .typedJSON)
      for story in try Stories.of(folder) {
        do {
          try await onLoop { loop in
            let stage = NetworkStage(
              loop: loop, requests: [address], sockets: [address], prefix: "/dialects/\(name)", carrier: carrier)
            try await TranscriptPlayer.play(story.transcript, on: stage)
          }
        } catch {
          Issue.record("\(folder)/\(story) \(error)")
        }
      }
    }
  }

  @Test func `each dialect has a folder of stories, and each folder a dialect`() throws {
    #expect(Self.dialects.map(\.1.name) == DialectCatalog.all.map(\.name))
  }
}
