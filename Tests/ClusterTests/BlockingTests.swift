import HTTP1
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// Blocks and contacts, made on one node and met on another.
  struct BlockingTests {
    @Test func `a block made on one node refuses the next send on the other, a hundred times`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob) = (try await stage.account("ada"), try await stage.account("bob"))
        let opened = try await stage.api[0].done(
          .post, "/v1/conversations", ["kind": "direct", "user": .integer(bob.user)], token: ada.token)
        let messages = "/v1/conversations/\(try #require(opened["id"]?.integer))/messages"
        let block = "/v1/blocks/\(bob.user)"
        for round in 0..<100 {
          let (here, there) = (stage.api[round % 2], stage.api[(round + 1) % 2])
          #expect(try await here.call(.put, block, token: ada.token).status == 200)
          let refused = try await there.call(.post, messages, ["text": "no"], token: bob.token)
          #expect(refused.status == 403 && refused.code == "blocked")
          #expect(try await here.call(.delete, block, token: ada.token).status == 204)
          #expect(try await there.call(.post, messages, ["text": "yes"], token: bob.token).status == 201)
        }
        let page = try await stage.api[1].done(.get, messages + "?limit=100", token: ada.token)
        let texts = page["messages"]?.array?.map { $0["text"]?.string }
        #expect(texts == Array(repeating: "yes", count: 100))
      }
    }

    @Test func `a request is heard on the other node, and crossing requests meet`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob) = (try await stage.account("ada"), try await stage.account("bob"))
        let client = stage.client(bob, at: 1)
        try await client.goOnline()
        async let one = stage.api[0].call(.put, "/v1/contacts/\(bob.user)", token: ada.token)
        async let other = stage.api[1].call(.put, "/v1/contacts/\(ada.user)", token: bob.token)
        let answers = try await [one, other]
        #expect(answers.map(\.status) == [200, 200])
        #expect(answers.contains { $0.body["state"]?.string == "accepted" })
        let own = try await stage.log(of: bob.ownConversation, as: bob)
        #expect(own.count == 3, "made, and two changes of the contact")
        #expect(await Stopwatch.wait(5_000) { client.heads[bob.ownConversation] == 3 })
      }
    }
  }
}
