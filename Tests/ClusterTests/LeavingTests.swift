import Client
import HTTP1
import IORuntime
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// Those who leave, or are made to: nodes, sessions, members, readers who do not read.
  struct LeavingTests {
    @Test
    func `a node that is told to go sends its clients away with a hint each, answers what is under way, and exits 0`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let people = [try await stage.account("ada"), try await stage.account("bob"), try await stage.account("cyd")]
        for number in 0..<4 { _ = try await stage.open(title: "room \(number)", members: people) }
        for account in people { try await stage.client(account, at: 0).goOnline() }
        async let load: Void = Load(count: 600, perSecond: 150).run(on: stage)
        await stage.loop.sleep(1_000)
        cluster.socket[0].term()
        let exit = await cluster.socket[0].waitForExit(8_000)
        #expect(exit == .code(0), "\(cluster.socket[0].logTail())")
        await load
        #expect(try await stage.converge(within: 5_000))
        let check = try await stage.check()
        #expect(check.broken() == [])
        for client in stage.clients {
          let end = client.ends.first
          #expect(end?.code == 4000)
          let reason = end.flatMap { try? JSONValue(parsing: $0.reason) }
          #expect(reason?["retry_after_ms"]?.integer ?? 0 > 0, "\(end?.reason ?? "")")
        }
        try await cluster.socket[0].start()
      }
    }

    @Test func `a node that stands still until its time to leave is over still tells its clients to come back`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        var sockets: [NativeSocket] = []
        for _ in 0..<8 { sockets.append(try await Self.signedIn(stage, ada, at: cluster.socket[0])) }
        cluster.socket[0].term()
        // It knows by then, and the first good-bye is due a second after the signal.
        await stage.loop.sleep(300)
        cluster.socket[0].stop()
        await stage.loop.sleep(4_500)
        cluster.socket[0].cont()
        for socket in sockets {
          let end = await socket.waitForEnd(15_000)
          #expect(end?.code == 4000, "\(end.map { "\($0)" } ?? "no end")")
        }
        #expect(await cluster.socket[0].waitForExit(8_000) == .code(0), "\(cluster.socket[0].logTail())")
        try await cluster.socket[0].start()
      }
    }

    @Test func `an API node that is told to go answers every send it was given, and exits 0`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        for number in 0..<4 { _ = try await stage.open(title: "room \(number)", members: [ada]) }
        try await stage.client(ada, at: 0).goOnline()
        async let load: Void = Load(count: 600, perSecond: 150, door: .rest).run(on: stage)
        await stage.loop.sleep(1_000)
        cluster.api[0].term()
        let exit = await cluster.api[0].waitForExit(8_000)
        #expect(exit == .code(0), "\(cluster.api[0].logTail())")
        try await cluster.api[0].start()
        await load
        #expect(try await stage.converge(within: 5_000))
        #expect(try await stage.check().broken() == [])
      }
    }

    @Test(arguments: RedisKind.allCases)
    func `signing out closes the open sockets of that session on every node within a second, and no others`(
      redis: RedisKind
    ) async throws {
      let cluster = try await SharedCluster.healthy(on: redis)
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let again = try await Account.signIn(ada.username, at: stage.api[1])
        var going: [NativeSocket] = []
        for node in cluster.socket {
          going.append(try await Self.signedIn(stage, ada, at: node))
        }
        let staying = try await Self.signedIn(stage, again, at: cluster.socket[1])
        // The sockets follow what is told of their session once they are resumed.
        _ = try await stage.api[0].done(.delete, "/v1/sessions/me", token: ada.token)
        let signedOut = Stopwatch.now
        for socket in going {
          let end = await socket.waitForEnd(15_000)
          #expect(end?.code == 4500)
          #expect(stage.took(from: signedOut, to: end?.at ?? .max) < 1_000_000)
        }
        #expect(staying.end == nil)
        await stage.loop.sleep(max(0, 1_100 - (Stopwatch.now - signedOut) / 1_000))
        for node in stage.api {
          #expect(try await node.call(.get, "/v1/users/me", token: ada.token).status == 401)
          #expect(try await node.call(.get, "/v1/users/me", token: again.token).status == 200)
        }
        _ = try await stage.api[1].done(.delete, "/v1/sessions", token: again.token)
        #expect(await staying.waitForEnd(15_000)?.code == 4500)
      }
    }

    @Test func `who is removed hears nothing that comes after, on no node`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob, eve) = (
          try await stage.account("ada"), try await stage.account("bob"), try await stage.account("eve")
        )
        let room = try await stage.open(title: "secret", members: [ada, bob, eve])
        for (index, account) in [ada, bob, eve, eve].enumerated() {
          try await stage.client(account, at: index % 2).goOnline()
        }
        async let load: Void = Load(count: 400, perSecond: 200, door: .rest).run(on: stage)
        await stage.loop.sleep(800)
        _ = try await stage.api[1].done(.delete, "/v1/conversations/\(room)/members/\(eve.user)", token: ada.token)
        // A device that comes back afterwards is a stranger too.
        stage.clients[3].socket?.cut()
        await load
        // Something is said after it, however late that was.
        #expect(await stage.clients[0].say("without her", in: room, as: "last") != .unknown)
        await stage.loop.sleep(1_500)
        var state = try await stage.finalState()
        let page = try await stage.api[0].done(.get, "/v1/conversations/\(room)/entries?limit=100", token: ada.token)
        #expect(page["entries"]?[0]?["seq"]?.integer == 1)
        let left = try #require(try await Self.leaving(of: eve, from: room, on: stage, as: ada))
        state.memberships.removeAll { $0.user == eve.user && $0.conversation == room }
        state.memberships.append(.init(user: eve.user, conversation: room, seqs: 1...left))
        #expect(left < state.logs[room]?.last?.seq ?? 0)
        let check = HistoryCheck(stage.recorder.history, state)
        #expect(check.overheard() == [])
        #expect(check.repeated() == [])
        #expect(try await stage.api[0].call(.get, "/v1/conversations/\(room)", token: eve.token).status == 404)
      }
    }

    @Test func `F28: who does not read in a busy room is sent away with 4001, and the others are not held up`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob, eve) = (
          try await stage.account("ada"), try await stage.account("bob"), try await stage.account("eve")
        )
        let room = try await stage.open(title: "busy", members: [ada, bob, eve])
        for (index, account) in [ada, bob].enumerated() { try await stage.client(account, at: index).goOnline() }
        let slow = try await Self.signedIn(stage, eve, at: cluster.socket[0])
        slow.raw?.pauseReading()
        // 16 KiB each: past what the kernels buffer, then past what may wait for one session.
        let text = String(repeating: "long ", count: 3_200)
        var sent = 0
        while sent < 1_200, slow.raw?.isOpen == true {
          await withTaskGroup(of: Void.self) { group in
            for number in sent..<sent + 40 {
              group.addTask { _ = await stage.clients[number % 2].say(text, in: room, as: "s\(number)") }
            }
          }
          sent += 40
        }
        slow.raw?.resumeReading()
        let end = await slow.waitForEnd(15_000)
        #expect(end?.code == 4001 || end?.code == 1006, "\(end.map { "\($0)" } ?? "still open") after \(sent)")
        #expect(try await stage.converge(within: 5_000))
        let check = try await stage.check()
        #expect(check.broken() == [])
        #expect(stage.clients.allSatisfy { $0.ends.isEmpty })
        print(
          "F28: \(sent) texts of 16 kB, end \(end?.code ?? 0) \(end?.reason ?? ""); the others:",
          HistoryCheck.describe(check.delays()))
      }
    }

    private static func signedIn(
      _ stage: ClusterStage, _ account: Account, at node: NodeProcess
    ) async throws -> NativeSocket {
      let socket = try await NativeSocket.open(loop: stage.loop, address: node.address)
      #expect(try await socket.request("auth", ["token": .string(account.token)]).code == nil)
      #expect(try await socket.request("resume").code == nil)
      return socket
    }

    /// The seq at which somebody left.
    private static func leaving(
      of account: Account, from room: Int64, on stage: ClusterStage, as reader: Account
    ) async throws -> Int64? {
      var after: Int64 = 0
      while true {
        let path = "/v1/conversations/\(room)/entries?after=\(after)&limit=100"
        let entries = try await stage.api[0].done(.get, path, token: reader.token)["entries"]?.array ?? []
        for entry in entries where entry["t"]?.string == "member.left" {
          if entry["d"]?["user"]?.integer == account.user { return entry["seq"]?.integer }
        }
        guard let last = entries.last?["seq"]?.integer else { return nil }
        after = last
      }
    }
  }
}
