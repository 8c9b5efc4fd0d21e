import Client
import HTTP1
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// What becomes of a message on one node is seen on the other.
  struct ChangingTests {
    @Test func `edits, deletions, reactions, typing and reading reach the other node, and a resume brings them`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob) = (try await stage.account("ada"), try await stage.account("bob"))
        let room = try await stage.open(title: "changes", members: [ada, bob])
        let (here, there) = (Ears(room), Ears(room))
        let one = try await Self.live(stage, ada, at: 0, here)
        let two = try await Self.live(stage, bob, at: 1, there)
        let message = try await Self.ask(one, "message.send", ["conversation": .integer(room), "text": "hi"])["id"]
        let id = try #require(message?.integer)

        _ = try await Self.ask(one, "typing", ["conversation": .integer(room)])
        _ = try await Self.ask(one, "message.edit", ["message": .integer(id), "text": "ho"])
        _ = try await Self.ask(two, "reaction.add", ["message": .integer(id), "emoji": "👍"])
        _ = try await Self.ask(two, "read", ["conversation": .integer(room), "seq": 3])
        let path = "/v1/messages/\(id)"
        let shown = try await stage.api[1].call(.get, path, token: bob.token)
        #expect(shown.body["text"]?.string == "ho")
        #expect(shown.body["reactions"] == [["emoji": "👍", "count": 1]])
        #expect(shown.headers["etag"] == "\"4\"")
        #expect(try await stage.api[0].call(.delete, path, token: ada.token).status == 204)

        let wanted = ["message.created", "message.edited", "reaction.added", "message.deleted"]
        #expect(await Stopwatch.wait(10_000) { here.entries == wanted && there.entries == wanted })
        #expect(await Stopwatch.wait(10_000) { there.has("typing", "user", "id", ada.user) })
        #expect(await Stopwatch.wait(10_000) { here.has("read", "user", nil, bob.user) })
        #expect(!here.names.contains("typing"))
        #expect(here.seqs == [2, 3, 4, 5] && there.seqs == [2, 3, 4, 5])
        one.close()
        two.close()

        let later = Ears(room)
        let third = try await Self.live(stage, bob, at: 0, later, heads: [String(room): 1])
        #expect(later.entries == wanted)
        #expect(later.seqs == [2, 3, 4, 5])
        #expect(later.frames.allSatisfy { $0["d"]?["text"] == nil || $0["d"]?["text"]?.string == "" })
        third.close()
      }
    }

    /// What one socket hears of a room.
    private final class Ears: @unchecked Sendable {
      private let room: Int64
      private(set) var frames: [JSONValue] = []

      init(_ room: Int64) { self.room = room }

      func hear(_ frame: JSONValue) {
        if frame["conv"]?.integer == room { frames.append(frame) }
      }

      var names: [String] { frames.compactMap { $0["t"]?.string } }
      var entries: [String] { frames.filter { $0["seq"] != nil }.compactMap { $0["t"]?.string } }
      var seqs: [Int64] { frames.compactMap { $0["seq"]?.integer } }

      func has(_ name: String, _ member: String, _ part: String?, _ value: Int64) -> Bool {
        frames.contains { frame in
          let found = frame["d"]?[member]
          return frame["t"]?.string == name && (part.map { found?[$0] } ?? found)?.integer == value
        }
      }
    }

    private static func live(
      _ stage: ClusterStage, _ account: Account, at node: Int, _ ears: Ears, heads: [String: Int64] = [:]
    ) async throws -> NativeSocket {
      let socket = try await NativeSocket.open(
        loop: stage.loop, address: stage.cluster.socket[node].address, token: account.token
      ) { ears.hear($0) }
      var known = JSONObject()
      for (name, seq) in heads { known.insert(name, .integer(seq)) }
      _ = try await ask(socket, "resume", ["heads": .object(known)])
      return socket
    }

    private static func ask(
      _ socket: NativeSocket, _ operation: String, _ data: JSONValue
    ) async throws(CallFailure) -> JSONValue {
      switch try await socket.request(operation, data) {
      case .ok(let data): return data
      case .refused(let problem): throw CallFailure("\(operation): \(problem.text)")
      }
    }
  }
}
