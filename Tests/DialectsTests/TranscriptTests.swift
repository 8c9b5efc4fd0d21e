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
    for dialect in DialectCatalog.all { try await play(dialect, at: node.address, "/dialects/\(dialect.name)") }
  }

  @Test func `each story goes as it is told, at the root of a port`() async throws {
    let ports = try DialectCatalog.all.map { ($0, try PrivatePostgres.freePort()) }
    let listeners = ports.map { "\($0.0.name)=127.0.0.1:\($0.1)" }.joined(separator: ",")
    let node = try await DevNode.start(settings: [
      "MARTLET_DIALECTS": "none", "MARTLET_DIALECT_LISTEN": listeners,
    ])
    defer { node.end() }
    for (dialect, port) in ports { try await play(dialect, at: .ip(host: "127.0.0.1", port: port), "") }
  }

  private func play(_ dialect: Dialect, at address: SocketAddress, _ prefix: String) async throws {
    let carrier = dialect.carrier == .socketIO ? NetworkStage.Carrier.socketIO : .typedJSON
    for story in try Stories.of(dialect: dialect.name) {
      do {
        try await onLoop { loop in
          let stage = NetworkStage(
            loop: loop, requests: [address], sockets: [address], prefix: prefix, carrier: carrier)
          try await TranscriptPlayer.play(story.transcript, on: stage)
        }
      } catch {
        Issue.record("\(dialect.name)/\(story) \(error)")
      }
    }
  }
}
