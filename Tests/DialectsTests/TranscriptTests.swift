import IORuntime
import TestKit
import Testing

@testable import Dialects

/// The same stories, dialect alone and on one node; ClusterTests plays them on two.
@Suite struct TranscriptTests {
  @Test(arguments: DialectCatalog.all.map(\.name))
  func `each story goes as it is told, over memory adapters`(name: String) async throws {
    let dialect = try #require(DialectCatalog.named(name))
    let stories = try Stories.of(dialect: name)
    #expect(!stories.isEmpty)
    for story in stories {
      do {
        try await TranscriptPlayer.play(story.transcript, on: MemoryStage(dialect))
      } catch {
        Issue.record("\(name)/\(story) \(error)")
      }
    }
  }

  @Test func `each story goes as it is told, on a node over real sockets`() async throws {
    let node = try await DevNode.start()
    defer { node.end() }
    let address = node.address
    for dialect in DialectCatalog.all {
      let (name, carrier) = (dialect.name, dialect.carrier == .socketIO ? NetworkStage.Carrier.socketIO : .typedJSON)
      for story in try Stories.of(dialect: name) {
        do {
          try await onLoop { loop in
            let stage = NetworkStage(
              loop: loop, requests: [address], sockets: [address], prefix: "/dialects/\(name)", carrier: carrier)
            try await TranscriptPlayer.play(story.transcript, on: stage)
          }
        } catch {
          Issue.record("\(name)/\(story) \(error)")
        }
      }
    }
  }
}
