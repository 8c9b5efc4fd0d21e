import IORuntime
import TestKit
import Testing

extension ClusterTests {
  /// The stories of the dialects on two api and two socket nodes that take turns.
  struct DialectStoryTests {
    /// The folder of each dialect's stories, its name, and what carries its sockets.
    static let dialects: [(folder: String, name: String, carrier: NetworkStage.Carrier)] = [
      ("Realtime", "realtime", .socketIO)
    ]

    @Test(arguments: dialects.map(\.folder))
    func `each story goes as it is told, on a cluster of two`(folder: String) async throws {
      let (_, name, carrier) = try #require(Self.dialects.first { $0.folder == folder })
      let cluster = try await SharedCluster.healthy()
      let (api, socket) = (cluster.api.map(\.address), cluster.socket.map(\.address))
      for story in try Stories.of(folder) {
        do {
          try await onLoop { loop in
            let stage = NetworkStage(
              loop: loop, requests: api, sockets: socket, prefix: "/dialects/\(name)", carrier: carrier)
            try await TranscriptPlayer.play(story.transcript, on: stage)
          }
        } catch {
          Issue.record("\(folder)/\(story) \(error)")
        }
      }
    }
  }
}
