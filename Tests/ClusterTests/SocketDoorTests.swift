import Client
import HTTP1
import IORuntime
import JSONText
import TestKit
import Testing
import WebSocket

extension ClusterTests {
  /// Wrong input at the native socket: each gets its problem or its close code, and the node lives on.
  struct SocketDoorTests {
    /// A frame and what the node is to say of it; `$room` stands for a conversation of the sender, `$other` for
    /// another's.
    struct Refusal: Sendable, CustomTestStringConvertible {
      let testDescription: String
      let frame: String
      let code: String
      let pointer: String?

      init(_ name: String, _ frame: String, _ code: String, _ pointer: String? = nil) {
        testDescription = name
        self.frame = frame
        self.code = code
        self.pointer = pointer
      }

      /// Only `d` of a message.send differs.
      static func send(_ name: String, _ data: String, _ code: String, _ pointer: String? = nil) -> Refusal {
        Refusal(name, #"{"id":"x","op":"message.send","d":{\#(data)}}"#, code, pointer)
      }
    }

    static let refusals: [Refusal] = [
      .init("no id", #"{"op":"resume"}"#, "invalid_request", "/id"),
      .init("an id that is a number", #"{"id":7,"op":"resume"}"#, "invalid_request", "/id"),
      .init("an empty id", #"{"id":"","op":"resume"}"#, "invalid_request", "/id"),
      .init("no operation", #"{"id":"x"}"#, "invalid_request", "/op"),
      .init("an unknown operation", #"{"id":"x","op":"message.steal"}"#, "unknown_operation", "/op"),
      .init("an unknown member", #"{"id":"x","op":"resume","role":"admin"}"#, "unknown_member", "/role"),
      .init("data that is a list", #"{"id":"x","op":"resume","d":[]}"#, "invalid_request", "/d"),
      .init("a name twice", #"{"id":"x","op":"resume","d":{"heads":{},"heads":{}}}"#, "invalid_json"),
      .send("no conversation", #""text":"hi""#, "invalid_request", "/conversation"),
      .send("no text", #""conversation":$room"#, "invalid_request", "/text"),
      .send("a conversation in quotes", #""conversation":"$room","text":"hi""#, "invalid_request", "/conversation"),
      .send("a conversation with a point", #""conversation":$room.0,"text":"hi""#, "invalid_request", "/conversation"),
      .send("a conversation below one", #""conversation":0,"text":"hi""#, "invalid_request", "/conversation"),
      .send("an integer past 2^53", #""conversation":9007199254740993,"text":"hi""#, "invalid_json"),
      .send("a conversation that is not", #""conversation":4096000000001,"text":"hi""#, "conversation_not_found"),
      .send("another's conversation", #""conversation":$other,"text":"hi""#, "conversation_not_found"),
      .send("a sender", #""conversation":$room,"text":"hi","sender_id":1"#, "unknown_member", "/sender_id"),
      .send("an empty text", #""conversation":$room,"text":"""#, "invalid_request", "/text"),
      .send("a text that is a number", #""conversation":$room,"text":5"#, "invalid_request", "/text"),
      .send("a NUL in the text", #""conversation":$room,"text":"a\u0000b""#, "invalid_json"),
      .send("half a surrogate pair", #""conversation":$room,"text":"\ud800""#, "invalid_json"),
      .send(
        "a text of 16,385 bytes", #""conversation":$room,"text":"\#(String(repeating: "a", count: 16_385))""#,
        "invalid_request", "/text"),
      .send(
        "an empty client id", #""conversation":$room,"text":"hi","client_message_id":"""#, "invalid_request",
        "/client_message_id"),
      .send(
        "a client id of 129 bytes",
        #""conversation":$room,"text":"hi","client_message_id":"\#(String(repeating: "c", count: 129))""#,
        "invalid_request", "/client_message_id"),
      .send("an unknown type", #""conversation":$room,"text":"hi","type":"virus""#, "invalid_request", "/type"),
      .init(
        "a head beyond the head", #"{"id":"x","op":"resume","d":{"heads":{"$room":999}}}"#, "invalid_head",
        "/heads/$room"),
      .init(
        "a head below zero", #"{"id":"x","op":"resume","d":{"heads":{"$room":-1}}}"#, "invalid_request",
        "/heads/$room"),
      .init(
        "a head of no conversation", #"{"id":"x","op":"resume","d":{"heads":{"x":1}}}"#, "invalid_request", "/heads/x"),
      .init("a bad token", #"{"id":"x","op":"auth","d":{"token":"a.b.c"}}"#, "invalid_token"),
      .init("another's token", #"{"id":"x","op":"auth","d":{"token":"$token"}}"#, "other_user"),
    ]

    @Test func `every wrong request is refused with a problem that names the member, and the session goes on`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, eve) = (try await stage.account("ada"), try await stage.account("eve"))
        let room = try await stage.open(title: "mine", members: [ada])
        let other = try await stage.open(title: "hers", members: [eve])
        let socket = try await Self.signedIn(stage, ada)
        for row in Self.refusals {
          let frame = row.frame.replacing("$room", with: String(room)).replacing("$other", with: String(other))
            .replacing("$token", with: eve.token)
          let problem = try await Self.problem(socket, frame)
          #expect(problem["code"]?.string == row.code, "\(row.testDescription): \(problem.text)")
          guard let pointer = row.pointer?.replacing("$room", with: String(room)) else { continue }
          let pointers = problem["errors"]?.array?.compactMap { $0["pointer"]?.string } ?? []
          #expect(pointers.contains(pointer), "\(row.testDescription): \(problem.text)")
        }
        let reply = try await socket.request("message.send", ["conversation": .integer(room), "text": "still here"])
        #expect(reply.code == nil)
        #expect(socket.end == nil)
      }
    }

    @Test func `a session resumes once, and does nothing before it is known who speaks`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let socket = try await NativeSocket.open(loop: stage.loop, address: cluster.socket[0].address)
        #expect(try await socket.request("resume").code == "not_authenticated")
        let send: JSONValue = ["conversation": .integer(ada.ownConversation), "text": "hi"]
        #expect(try await socket.request("message.send", send).code == "not_authenticated")
        #expect(try await socket.request("auth", ["token": .string(ada.token)]).code == nil)
        #expect(try await socket.request("resume").code == nil)
        #expect(try await socket.request("resume").code == "already_resumed")
        #expect(socket.end == nil)
        socket.close()
      }
    }

    /// Bytes that end the session, and the code it ends with.
    struct Break: Sendable {
      let name: String
      let codes: [UInt16]
      let act: @Sendable (SocketClient) -> Void

      init(_ name: String, _ codes: UInt16..., act: @escaping @Sendable (SocketClient) -> Void) {
        self.name = name
        self.codes = codes
        self.act = act
      }
    }

    static let breaks: [Break] = [
      .init("not JSON", 4503) { $0.send("hello") },
      .init("an empty message", 4503) { $0.send("") },
      .init("a list", 4503) { $0.send("[]") },
      .init("null", 4503) { $0.send("null") },
      .init("a trailing comma", 4503) { $0.send(#"{"id":"1",}"#) },
      .init("a million brackets", 4503, 1009) { $0.send(String(repeating: "[", count: 60_000)) },
      .init("a binary message", 4503, 1003) { $0.send(.binary, [1, 2, 3]) },
      .init("a message of 2 MiB", 1009) { $0.send(.text, [UInt8](repeating: 0x20, count: 2 << 20)) },
      .init("text that is no UTF-8", 1007) { $0.send(.text, [0x7B, 0xFF, 0x7D]) },
      .init("a ping of 126 bytes", 1002) { $0.send(.ping, [UInt8](repeating: 0, count: 126)) },
      .init("a continuation of nothing", 1002) { $0.send(.continuation, [0x7B]) },
      .init("a frame without a mask", 1002) { $0.send(unframed: [0x81, 2, 0x7B, 0x7D]) },
      .init("reserved bits", 1002) { $0.send(unframed: [0xF1, 0x82, 0, 0, 0, 0, 0x7B, 0x7D]) },
      .init("a reserved opcode", 1002) { $0.send(unframed: [0x83, 0x80, 0, 0, 0, 0]) },
      .init("a length of 2^63", 1002, 1009) {
        $0.send(unframed: [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
      },
      .init("a gigabyte announced", 1009) { $0.send(unframed: [0x81, 0xFF, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]) },
    ]

    @Test func `what is not the protocol ends the session with its code, and nobody else's`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let bystander = try await Self.signedIn(stage, ada)
        for row in Self.breaks {
          for isSignedIn in [false, true] {
            let socket =
              isSignedIn
              ? try await Self.signedIn(stage, ada)
              : try await NativeSocket.open(loop: stage.loop, address: cluster.socket[0].address)
            if let raw = socket.raw { row.act(raw) }
            let end = await socket.waitForEnd(15_000)
            #expect(row.codes.contains(end?.code ?? 0), "\(row.name): \(end.map { "\($0)" } ?? "still open")")
            socket.cut()
          }
        }
        #expect(bystander.end == nil)
        #expect(cluster.socket[0].isRunning)
        bystander.close()
      }
    }

    @Test func `a third bad token in a row, or none in time, ends the session with 4502`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let silent = try await NativeSocket.open(loop: stage.loop, address: cluster.socket[1].address)
        let guessing = try await NativeSocket.open(loop: stage.loop, address: cluster.socket[0].address)
        for _ in 0..<3 { _ = try? await guessing.request("auth", ["token": "a.b.c"], deadline: 10_000) }
        #expect(await guessing.waitForEnd(15_000)?.code == 4502)
        #expect(await silent.waitForEnd(15_000)?.code == 4502)
      }
    }

    @Test func `the upgrade is refused where it is no proper one`() async throws {
      let cluster = try await SharedCluster.healthy()
      let node = cluster.socket[0].address
      let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
      let upgrade = "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      let rows: [(String, String, [Int])] = [
        ("no upgrade", "GET /v1/socket HTTP/1.1\r\nHost: localhost\r\n\r\n", [400, 426]),
        ("no key", "GET /v1/socket HTTP/1.1\r\n\(upgrade)Sec-WebSocket-Version: 13\r\n\r\n", [400]),
        ("version 12", "GET /v1/socket HTTP/1.1\r\n\(upgrade)\(key)\r\nSec-WebSocket-Version: 12\r\n\r\n", [400, 426]),
        ("POST", "POST /v1/socket HTTP/1.1\r\n\(upgrade)\(key)\r\nSec-WebSocket-Version: 13\r\n\r\n", [400, 405, 411]),
        ("another path", "GET /v2/socket HTTP/1.1\r\n\(upgrade)\(key)\r\nSec-WebSocket-Version: 13\r\n\r\n", [404]),
      ]
      for (name, request, statuses) in rows {
        let talk = await Probe.exchange(node, Array(request.utf8), for: 10_000) { !Probe.statuses($0).isEmpty }
        let status = Probe.statuses(talk).first
        #expect(statuses.contains(status ?? 0), "\(name): \(String(decoding: talk.answer.prefix(300), as: UTF8.self))")
      }
      // A browser shows its page no status of a handshake, but a close code it does.
      let foreign =
        "GET /v1/socket HTTP/1.1\r\n\(upgrade)\(key)\r\nSec-WebSocket-Version: 13\r\n"
        + "Origin: http://evil.example\r\n\r\n"
      let close: [UInt8] = [0x11, 0x98]
      let talk = await Probe.exchange(node, Array(foreign.utf8), for: 10_000) { $0.answer.contains(close) }
      #expect(Probe.statuses(talk) == [101])
      #expect(talk.answer.contains(close), "no close with 4504")
    }

    private static func signedIn(_ stage: ClusterStage, _ account: Account) async throws(CallFailure) -> NativeSocket {
      let socket = try await NativeSocket.open(loop: stage.loop, address: stage.cluster.socket[0].address)
      let reply = try await socket.request("auth", ["token": .string(account.token)])
      if let code = reply.code { throw CallFailure("auth: \(code)") }
      return socket
    }

    /// What the node says of a frame, under its id or without one.
    private static func problem(_ socket: NativeSocket, _ frame: String) async throws(CallFailure) -> JSONValue {
      let strays = socket.strays.count
      guard frame.contains(#""id":"x""#) else {
        socket.send(frame)
        guard await Stopwatch.wait(10_000, until: { socket.strays.count > strays }) else {
          throw CallFailure("nothing is said of \(frame.prefix(100))")
        }
        return socket.strays.last?["error"] ?? .null
      }
      switch try await socket.reply(to: "x", frame, deadline: 10_000) {
      case .refused(let problem): return problem
      case .ok(let data): return ["code": "none", "d": data]
      }
    }
  }
}
