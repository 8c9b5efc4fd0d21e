import API
import ChatCore
import Delivery
import EngineIO
import HTTP1
import IORuntime
import JSONText
import SocketIO
import TestKit
import Testing
import Tokens

@testable import Dialects
@testable import EngineServing
@testable import Node

/// A client of Socket.IO at a dialect's door that is slowed down.
@Suite(.serialized, .timeLimit(.minutes(1))) struct DialectTransportsTests {
  @Test func `who says a hundred things while he is hasty has them all answered, in their order`() async throws {
    try await DialectStage.play { stage in
      stage.gate.refusals = 3
      for number in 0..<100 { stage.say(#"2["note",{"n":"\#(number)"}]"#) }
      try await eventually(within: 20_000, on: stage.loop) { stage.noted.count == 97 }
      #expect(stage.noted == (3..<100).map(String.init))
      #expect(stage.session.isOpen)
    }
  }

  @Test func `who says more than may wait meanwhile is sent away`() async throws {
    try await DialectStage.play { stage in
      stage.gate.refusals = .max
      for number in 0..<DialectSession.actionsReadMost { stage.say(#"2["note",{"n":"\#(number)"}]"#) }
      let long = String(repeating: "a", count: EventBacklog.bytesMax / 2)
      for _ in 0..<2 {
        stage.say(#"2["note",{"n":"\#(long)"}]"#)
        #expect(stage.session.isOpen)
      }
      stage.say(#"2["note",{"n":"more"}]"#)
      #expect(!stage.session.isOpen)
    }
  }

  @Test func `an event that is larger than any message is refused unread, and one at the limit is not`() async throws {
    try await DialectStage.play { stage in
      func say(_ bytes: Int) {
        let empty = #"{"n":""}"#.utf8.count
        stage.say(#"2["note",{"n":"\#(String(repeating: "a", count: bytes - empty))"}]"#)
      }
      say(DialectSession.eventBytesMax + 1)
      say(DialectSession.eventBytesMax)
      try await eventually(within: 20_000, on: stage.loop) { !stage.noted.isEmpty }
      #expect(stage.noted.map(\.utf8.count) == [DialectSession.eventBytesMax - 8])
      #expect(stage.session.isOpen)
    }
  }

  @Test func `of many arguments the first are read`() throws {
    let many = "2[\"note\"" + String(repeating: ",0", count: 100_000) + "]"
    var decoder = SocketDecoder()
    let event = try #require(try decoder.take(text: Array(many.utf8))?.event)
    #expect(event.arguments.texts(atMost: DialectSession.argumentsMax).count == DialectSession.argumentsMax)
    #expect(event.arguments.texts.count == 100_000)
  }

  @Test func `who has come in without a proof stays one of his address' newcomers`() async throws {
    try await DialectStage.play { stage in
      #expect(stage.session.newcomerFrom != nil)
    }
  }
}

/// One client of Socket.IO, its transport and a dialect's door behind it, without a network.
private final class DialectStage: @unchecked Sendable {
  let loop: EventLoop
  let gate = Gate()
  let session: EngineSession
  private(set) var noted: [String] = []
  private let client: SocketIOClient
  private let hub: Hub

  /// Refuses so many.
  final class Gate: DialectGate, @unchecked Sendable {
    var refusals = 0
    func retryAfter(_ rate: Dialects.Rate, _ caller: Caller?, address: String) async -> Milliseconds? {
      guard refusals > 0, rate != .none else { return nil }
      refusals -= 1
      return 1_000
    }

    func signIn(
      _ username: String, address: String, _ body: @Sendable () async throws(ChatError) -> SignedIn
    ) async throws(ChatError) -> SignedIn { try await body() }
  }

  private struct NoTokens: CredentialCheck {
    func caller(ofToken token: String) async throws(ChatError) -> Caller { throw .unauthenticated(.invalidToken) }
  }

  static func play(_ story: @escaping @Sendable (DialectStage) async throws -> Void) async throws {
    try await onLoop { loop in
      let stage = DialectStage(loop)
      stage.say("0")
      try await story(stage)
      stage.session.close()
      stage.hub.stop()
    }
  }

  /// What the client says.
  func say(_ packet: String) { client.received(text: Array(packet.utf8)) }

  private init(_ loop: EventLoop) {
    self.loop = loop
    let node = PollingNode(loop)
    (hub, session) = (node.hub, node.session)
    let notes = Notes()
    let mount = Mount(
      DialectStage.dialect(notes), chat: node.chat, cipher: IDCipher(secret: [1, 2, 3]), credentials: NoTokens(),
      gate: gate,
      crossOrigin: CrossOriginPolicy(origins: .listed([]), allowsCredentials: true), now: { loop.now },
      serve: { FileAnswer.response($0, to: $1) })
    let door = DialectDoor(mount, hub: hub, ports: node.surroundings)
    let head = RequestHead(
      method: .get, target: "/", version: .http11, headers: [:], keepAlive: true, bodyLength: .none,
      expectsContinue: false)
    client = SocketIOClient(
      session, directory: node.directory,
      program: DialectSocketIO(door, Request(head: head, body: [], peer: "192.0.2.1")))
    notes.tell = { [unowned self] in noted.append($0) }
    session.begin(client)
  }

  private final class Notes: @unchecked Sendable { var tell: (String) -> Void = { _ in } }

  /// Takes notes of anybody.
  private static func dialect(_ notes: Notes) -> Dialect {
    Dialect(
      name: "notes", carrier: .socketIO,
      credential: Credential(requests: [], sockets: [], lifetime: 900, isProvenLater: true), ids: .integer,
      times: .zulu, routes: [],
      actions: [
        .quiet("note", .open, .write) { notes.tell(try $0.require("n")) }
      ], refuse: Refusals(missing: { name, _ in Refusal(400, name) }), deviations: [])
  }
}
