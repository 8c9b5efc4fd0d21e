import IORuntime
import TestKit
import Testing

extension ClusterTests {
  /// The stories of the dialects on two api and two socket nodes that take turns.
  struct DialectStoryTests {
    /// The dialects, and what carries their sockets.
    static let dialects: [(name: String, carrier: NetworkStage.Carrier)] = [
      ("umoc-session", .socketIO), ("messenger", .socketIO), ("realtime", .socketIO), ("pymessage", .typedJSON),
      ("umoc", .socketIO),
    ]

    @Test(arguments: dialects.map(\.name))
    func `each story goes as it is told, on a cluster of two`(name: String) async throws {
      let (_, carrier) = try #require(Self.dialects.first { $0.name == name })
      let cluster = try await SharedCluster.healthy()
      let (api, socket) = (cluster.api.map(\.address), cluster.socket.map(\.address))
      let stories = try Stories.of(dialect: name)
      for (index, story) in stories.enumerated() {
        // Each story comes by another transport; posts and upgrades reach another node than polls.
        let transport = SocketIOSocket.Transport.allCases[index % SocketIOSocket.Transport.allCases.count]
        do {
          try await onLoop { loop in
            let stage = NetworkStage(
              loop: loop, requests: api, sockets: socket, prefix: "/dialects/\(name)", carrier: carrier,
              transport: transport)
            try await TranscriptPlayer.play(story.transcript, on: stage)
          }
        } catch {
          Issue.record("\(name)/\(story) \(error)")
        }
      }
    }

    @Test func `what is said at one door is heard and read at the others, on a cluster of two`() async throws {
      let cluster = try await SharedCluster.healthy()
      let (api, socket) = (cluster.api.map(\.address), cluster.socket.map(\.address))
      let doors = Dictionary(uniqueKeysWithValues: Self.dialects.map { ("/dialects/\($0.name)", $0.carrier) })
      for story in try Stories.of("Across") {
        do {
          try await onLoop { loop in
            let stage = NetworkStage(
              loop: loop, requests: api, sockets: socket, prefix: "", carrier: .socketIO, doors: doors)
            try await TranscriptPlayer.play(story.transcript, on: stage)
          }
        } catch {
          Issue.record("Across/\(story) \(error)")
        }
      }
    }
  }
}
