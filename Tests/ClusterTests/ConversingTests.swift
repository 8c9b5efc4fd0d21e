import Glibc
import HTTP1
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// People on different nodes talk, nothing is broken.
  struct ConversingTests {
    /// 10,000 messages when the whole is asked for, what fits a quick run otherwise.
    private static let isFull = getenv("MARTLET_TEST_FULL") != nil

    @Test(arguments: RedisKind.allCases)
    func `two users on two socket nodes see every message once, in order, in all conversations`(
      redis: RedisKind
    ) async throws {
      let cluster = try await SharedCluster.healthy(on: redis)
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob) = (try await stage.account("ada"), try await stage.account("bob"))
        for number in 0..<20 { _ = try await stage.open(title: "room \(number)", members: [ada, bob]) }
        for (index, account) in [ada, bob].enumerated() { try await stage.client(account, at: index).goOnline() }
        await Load(count: Self.isFull ? 10_000 : 1_500, perSecond: 300).run(on: stage)
        #expect(try await stage.converge(within: 5_000))
        let check = try await stage.check()
        #expect(check.broken() == [])
        let sent = stage.recorder.history.sends
        #expect(sent.allSatisfy { $0.attempts == 1 && $0.outcome != .unknown })
        print("delivery at 300/s:", HistoryCheck.describe(check.delays()))
      }
    }

    @Test func `the same client id through two API nodes at once stores one message and answers the same twice`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let room = try await stage.open(title: "once", members: [ada])
        let path = "/v1/conversations/\(room)/messages"
        for round in 0..<200 {
          let body: JSONValue = ["text": "same", "client_message_id": .string("round-\(round)")]
          async let first = stage.api[0].call(.post, path, body, token: ada.token)
          async let second = stage.api[1].call(.post, path, body, token: ada.token)
          let answers = try await [first, second]
          #expect(answers.map(\.status).sorted() == [200, 201])
          #expect(answers[0].body == answers[1].body)
        }
        let other: JSONValue = ["text": "different", "client_message_id": "round-0"]
        for node in stage.api {
          let answer = try await node.call(.post, path, other, token: ada.token)
          #expect(answer.status == 409)
          #expect(answer.code == "idempotency_conflict")
        }
        let log = try await stage.log(of: room)
        #expect(log.filter { $0.clientID != nil }.count == 200)
        #expect(HistoryCheck(History(), try await stage.finalState()).broken() == [])
      }
    }

    @Test func `a socket and an API node answer the same client id with the same message`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let room = try await stage.open(title: "doors", members: [ada])
        let client = stage.client(ada)
        try await client.goOnline()
        for round in 0..<20 {
          async let bySocket = client.say("same", in: room, as: "d\(round)")
          async let byREST = client.say("same", in: room, as: "d\(round)", through: stage.api)
          let answers = await [bySocket, byREST]
          #expect(answers[0] == answers[1])
          #expect(answers[0] != .unknown)
        }
        #expect(try await stage.log(of: room).filter { $0.clientID != nil }.count == 20)
      }
    }

    @Test func `who was away gets what he missed, in order, from another node`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob) = (try await stage.account("ada"), try await stage.account("bob"))
        for number in 0..<3 { _ = try await stage.open(title: "room \(number)", members: [ada, bob]) }
        let (here, away) = (stage.client(ada, at: 0), stage.client(bob, at: 0))
        try await here.goOnline()
        try await away.goOnline()
        await Load(count: 30, perSecond: 200).run(on: stage, "before")
        // A cut makes the client try its next door, which is the other node.
        away.socket?.cut()
        await Load(count: 150, perSecond: 300, door: .rest).run(on: stage, "meanwhile")
        #expect(try await stage.converge(within: 5_000))
        #expect(try await stage.check().broken() == [])
        #expect(stage.recorder.history.sessions.count == 3)
      }
    }
  }
}
