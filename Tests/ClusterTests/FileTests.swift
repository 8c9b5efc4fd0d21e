import Client
import HTTP1
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// Files over real sockets, two nodes and a real database.
  struct FileTests {
    private static let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 9) }

    @Test func `a file uploaded at one node is read in full and in part at the other, by whom it was sent to`()
      async throws
    {
      try await ClusterStage.play(on: SharedCluster.healthy()) { stage in
        let (ada, bob, eve) = (
          try await stage.account("ada"), try await stage.account("bob"), try await stage.account("eve")
        )
        let room = try await stage.open(title: "Photos", members: [ada, bob])
        let up = try await stage.api[0].raw(
          .post, "/v1/files?name=big.bin", Self.bytes, ["Content-Type": "application/octet-stream"], token: ada.token)
        #expect(up.status == 201)
        let id = try #require((try? JSONValue(parsing: up.body))?["id"]?.integer)
        let target = "/v1/files/\(id)"
        let other = stage.api[stage.api.count - 1]
        #expect(try await other.raw(.get, target, token: bob.token).status == 404)
        let sent = try await stage.api[0].done(
          .post, "/v1/conversations/\(room)/messages", ["text": "", "attachments": [.integer(id)]], token: ada.token)
        #expect(sent["attachments"]?.array?.first?["size"]?.integer == 3_000_000)
        let whole = try await other.raw(.get, target, token: bob.token)
        #expect(whole.status == 200 && whole.body == Self.bytes)
        #expect(whole.headers["x-content-type-options"] == "nosniff")
        #expect(whole.headers["content-disposition"]?.hasPrefix("attachment") == true)
        let part = try await other.raw(.get, target, [], ["Range": "bytes=262140-524300"], token: bob.token)
        #expect(part.status == 206 && part.body == Array(Self.bytes[262_140...524_300]))
        let head = try await other.raw(.head, target, token: bob.token)
        #expect(head.headers["content-length"] == "3000000" && head.body.isEmpty)
        #expect(try await other.raw(.get, target, token: eve.token).status == 404)
        #expect(try await other.raw(.delete, target, token: ada.token).status == 204)
        #expect(try await stage.api[0].raw(.get, target, token: bob.token).status == 404)
      }
    }

    @Test func `a file past the limit, and one from a stranger, are refused before they are read`() async throws {
      try await ClusterStage.play(on: SharedCluster.healthy()) { stage in
        let ada = try await stage.account("ada")
        let long = 26_214_400 + 16_384
        for (headers, status) in [
          ("Authorization: Bearer \(ada.token)\r\nContent-Length: \(long + 1)", 413),
          ("Authorization: Bearer no\r\nContent-Length: 2000000", 401), ("Content-Length: 1", 401),
        ] {
          let request = "POST /v1/files HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n\r\n"
          let talk = await Probe.exchange(stage.cluster.api[0].address, Array(request.utf8), for: 10_000) {
            !Probe.statuses($0).isEmpty
          }
          #expect(Probe.statuses(talk) == [status])
        }
      }
    }
  }
}
