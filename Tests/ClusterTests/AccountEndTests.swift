import Client
import HTTP1
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// What members see on one node of who deletes his account on another.
  struct AccountEndTests {
    @Test func `who deletes his account is out of his groups on the other node, and another owns them`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob) = (try await stage.account("ada"), try await stage.account("bob"))
        let room = try await stage.open(title: "hers", members: [ada, bob])
        let heard = Heard()
        let hers = try await NativeSocket.open(
          loop: stage.loop, address: stage.cluster.socket[0].address, token: ada.token
        ) { _ in }
        let his = try await NativeSocket.open(
          loop: stage.loop, address: stage.cluster.socket[1].address, token: bob.token
        ) { frame in if frame["conv"]?.integer == room { heard.frames.append(frame) } }
        guard case .ok = try await his.request("resume", ["heads": .object(JSONObject())]) else {
          throw CallFailure("no resume")
        }
        let end = try await stage.api[0].call(
          .delete, "/v1/users/me", ["password": .string(Account.password)], token: ada.token)
        #expect(end.status == 204)
        #expect(await hers.waitForEnd(10_000)?.code == 4501)
        #expect(await Stopwatch.wait(10_000) { heard.names == ["member.changed", "member.left"] })
        #expect(heard.frames.first?["d"]?["user"]?.integer == bob.user)
        #expect(heard.frames.first?["d"]?["role"]?.string == "owner")
        let shown = try await stage.api[1].call(.get, "/v1/conversations/\(room)", token: bob.token)
        #expect(shown.body["members"]?.array?.count == 1)
        #expect(try await stage.api[1].call(.delete, "/v1/conversations/\(room)", token: bob.token).status == 204)
        his.close()
      }
    }

    private final class Heard: @unchecked Sendable {
      var frames: [JSONValue] = []
      var names: [String] { frames.compactMap { $0["t"]?.string } }
    }
  }
}
