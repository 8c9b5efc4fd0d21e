import Client
import HTTP1
import IORuntime
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// The native protocol by Socket.IO: the same promises, whatever carries it.
  struct SocketIODoorTests {
    @Test func `native, websocket, polling and upgraded members on two nodes see the same entries in the same order`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        var people: [Account] = []
        for name in ["ada", "bob", "cyd", "dan"] { people.append(try await stage.account(name)) }
        for number in 0..<3 { _ = try await stage.open(title: "room \(number)", members: people) }
        let wires: [SocketIOSocket.Transport?] = [nil, .webSocket, .polling, .upgrade]
        for (index, wire) in wires.enumerated() {
          for node in 0..<2 { try await stage.client(people[index], at: node, by: wire).goOnline() }
        }
        await Load(count: 600, perSecond: 150).run(on: stage)
        #expect(try await stage.converge(within: 5_000))
        let check = try await stage.check()
        #expect(check.broken() == [])
        #expect(stage.recorder.history.sends.allSatisfy { $0.outcome != .unknown })
        #expect(stage.clients.allSatisfy { $0.ends.isEmpty })
        print("mixed room:", HistoryCheck.describe(check.delays()))
      }
    }

    @Test(arguments: SocketIOSocket.Transport.allCases)
    func `signing out sends a client out of the namespace within a second`(by wire: SocketIOSocket.Transport)
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let again = try await Account.signIn(ada.username, at: stage.api[0])
        let room = try await stage.open(title: "staying", members: [ada])
        let going = try await Self.open(stage, ada.token, by: wire)
        let staying = try await Self.open(stage, again.token, by: wire)
        _ = try await stage.api[0].done(.delete, "/v1/sessions/me", token: ada.token)
        let signedOut = Stopwatch.now
        let end = await going.waitForEnd(15_000)
        #expect(end?.code == 4500)
        #expect(going.isSentOut)
        #expect(stage.took(from: signedOut, to: end?.at ?? .max) < 1_000_000)
        #expect(try await staying.request("message.send", Self.note(room)).code == nil)
        let refused = try await Self.refused(stage, ada.token, by: wire)
        #expect(refused.answer?.payload["data"]?["problem"]?["code"]?.string == "session_ended")
        staying.close()
      }
    }

    @Test func `an expired token ends the session with 4100 unless auth brought a new one, by either transport`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let room = try await stage.open(title: "renewed", members: [ada])
        let short = try await cluster.token(of: ada.username, seconds: 8)
        var pairs: [(expiring: SocketIOSocket, renewed: SocketIOSocket)] = []
        // Together, since all wait for one token's end.
        for wire in [SocketIOSocket.Transport.polling, .webSocket] {
          pairs.append((try await Self.open(stage, short, by: wire), try await Self.open(stage, short, by: wire)))
        }
        for (_, renewed) in pairs {
          #expect(try await renewed.request("auth", ["token": .string(ada.token)]).code == nil)
        }
        for (expiring, renewed) in pairs {
          #expect(await expiring.waitForEnd(20_000)?.code == 4100)
          #expect(expiring.isSentOut)
          #expect(try await renewed.request("message.send", Self.note(room)).code == nil)
          renewed.close()
        }
      }
    }

    @Test func `a node that is told to go closes the transports with a hint each, and nothing is lost`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let people = [try await stage.account("ada"), try await stage.account("bob"), try await stage.account("cyd")]
        for number in 0..<3 { _ = try await stage.open(title: "room \(number)", members: people) }
        let wires: [SocketIOSocket.Transport?] = [.webSocket, .polling, nil]
        for (account, wire) in zip(people, wires) { try await stage.client(account, at: 0, by: wire).goOnline() }
        async let load: Void = Load(count: 450, perSecond: 150).run(on: stage)
        await stage.loop.sleep(800)
        cluster.socket[0].term()
        #expect(await cluster.socket[0].waitForExit(8_000) == .code(0), "\(cluster.socket[0].logTail())")
        await load
        #expect(try await stage.converge(within: 5_000))
        #expect(try await stage.check().broken() == [])
        for client in stage.clients {
          let end = client.ends.first
          #expect(end?.code == 4000, "\(end.map { "\($0)" } ?? "no end")")
          let reason = end.flatMap { try? JSONValue(parsing: $0.reason) }
          #expect(reason?["retry_after_ms"]?.integer ?? 0 > 0, "\(end?.reason ?? "")")
        }
        try await cluster.socket[0].start()
      }
    }

    @Test func `who asked for recovery goes on where the connection was cut, and nobody else in his name`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, eve) = (try await stage.account("ada"), try await stage.account("eve"))
        let room = try await stage.open(title: "lift", members: [ada])
        var seqs: [Int64] = []
        let note: (JSONValue) -> Void = { if let seq = $0["seq"]?.integer { seqs.append(seq) } }
        let wish: JSONValue = ["token": .string(ada.token), "recovery": true]
        let first = try await Self.open(stage, wish, by: .webSocket, note)
        #expect(try await first.request("resume").code == nil)
        for _ in 0..<3 { _ = try await first.request("message.send", Self.note(room)) }
        #expect(await Stopwatch.wait(10_000) { seqs.count == 3 })
        let pid = try #require(first.pid)
        let offset = try #require(first.offset)
        first.cut()
        for _ in 0..<2 {
          _ = try await stage.api[0].done(
            .post, "/v1/conversations/\(room)/messages", ["text": "away"], token: ada.token)
        }
        func back(_ token: String) -> JSONValue {
          ["pid": .string(pid), "offset": .string(offset), "token": .string(token), "recovery": true]
        }
        let stranger = try await Self.open(stage, back(eve.token), by: .webSocket)
        #expect(stranger.pid != pid && stranger.sid != first.sid)
        let second = try await Self.open(stage, back(ada.token), by: .webSocket, note)
        #expect(second.pid == pid && second.sid == first.sid)
        #expect(try await second.request("message.send", Self.note(room)).code == nil)
        #expect(await Stopwatch.wait(10_000) { seqs.count == 6 })
        #expect(seqs == Array((seqs.first ?? 0)..<(seqs.first ?? 0) + 6))
        #expect(try await second.request("resume").code == "already_resumed")
        for socket in [stranger, second] { socket.close() }
      }
    }

    @Test func `who does not fetch what waits in a busy room is told to come back, and the others are not held up`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, eve) = (try await stage.account("ada"), try await stage.account("eve"))
        let room = try await stage.open(title: "busy", members: [ada, eve])
        let talker = stage.client(ada, at: 1, by: .polling)
        try await talker.goOnline()
        let slow = try await Self.open(stage, eve.token, by: .polling)
        slow.isIdle = true
        // 16 KiB each, past what may wait for one session.
        let text = String(repeating: "long ", count: 3_200)
        for number in 0..<90 { await talker.say(text, in: room, as: "s\(number)") }
        // Past the grace that a full queue has, in which nobody fetches anything.
        await stage.loop.sleep(1_000)
        slow.isIdle = false
        #expect(await slow.waitForEnd(15_000)?.code == 4001)
        #expect(!slow.isSentOut)
        #expect(try await stage.converge(within: 5_000))
        #expect(try await stage.check().broken() == [])
        #expect(talker.ends.isEmpty)
      }
    }

    @Test func `no client that did not ask finds anything behind the frame of an event`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let room = try await stage.open(title: "plain", members: [ada])
        var heard = 0
        let socket = try await Self.open(stage, ["token": .string(ada.token)], by: .polling) { _ in heard += 1 }
        #expect(socket.pid == nil)
        #expect(try await socket.request("resume").code == nil)
        socket.emit("message.send", Self.note(room))
        #expect(await Stopwatch.wait(10_000) { heard == 1 })
        #expect(socket.extraArguments == 0)
        socket.close()
      }
    }

    @Test func `what is open and what waits is counted, and is none when all have left`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let node = RESTClient(loop: stage.loop, address: cluster.socket[0].address)
        var sockets: [SocketIOSocket] = []
        for wire in SocketIOSocket.Transport.allCases + [.polling] {
          sockets.append(try await Self.open(stage, ada.token, by: wire))
        }
        #expect(try await Self.reach(node, ["websocket\"}": 2, "polling\"}": 2, "_polls": 2]))
        for socket in sockets { socket.close() }
        #expect(try await Self.reach(node, ["websocket\"}": 0, "polling\"}": 0, "_polls": 0]))
      }
    }

    // MARK: Parts

    private static func open(
      _ stage: ClusterStage, _ token: String, by wire: SocketIOSocket.Transport, isLetIn: Bool = true
    ) async throws -> SocketIOSocket {
      let socket = try await open(stage, ["token": .string(token)], by: wire, isLetIn: isLetIn)
      if isLetIn { #expect(try await socket.request("resume").code == nil) }
      return socket
    }

    private static func open(
      _ stage: ClusterStage, _ auth: JSONValue, by wire: SocketIOSocket.Transport, isLetIn: Bool = true,
      _ event: @escaping (JSONValue) -> Void = { _ in }
    ) async throws -> SocketIOSocket {
      let socket = try await SocketIOSocket.open(
        loop: stage.loop, address: stage.cluster.socket[0].address, by: wire, auth: auth, event: event)
      #expect(socket.answer?.isConnected == isLetIn, "\(socket.answer?.payload.text ?? "")")
      return socket
    }

    /// What a node knows of a session holds for a second from when it learned it, and it may learn late of before.
    private static func refused(
      _ stage: ClusterStage, _ token: String, by wire: SocketIOSocket.Transport
    ) async throws -> SocketIOSocket {
      for _ in 0..<60 {
        let socket = try await SocketIOSocket.open(
          loop: stage.loop, address: stage.cluster.socket[0].address, by: wire, auth: ["token": .string(token)])
        if socket.answer?.isConnected == false { return socket }
        socket.close()
        await stage.loop.sleep(250)
      }
      return try await open(stage, token, by: wire, isLetIn: false)
    }

    private static func note(_ room: Int64) -> JSONValue { ["conversation": .integer(room), "text": "to myself"] }

    /// Waits until the gauges of Engine.IO say that.
    private static func reach(_ node: RESTClient, _ wanted: [String: Int]) async throws -> Bool {
      let end = Stopwatch.now + 30_000_000
      while Stopwatch.now < end {
        let lines = try await node.text("/metrics").split(separator: "\n").filter { $0.hasPrefix("martlet_engine") }
        if wanted.allSatisfy({ name, count in lines.contains { $0.hasSuffix("\(name) \(count)") } }) { return true }
        try await Task.sleep(for: .milliseconds(20))
      }
      return false
    }
  }
}
