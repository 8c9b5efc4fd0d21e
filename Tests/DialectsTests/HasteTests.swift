import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

@testable import Dialects

/// Who sends more than he may by a dialect's socket is slowed down, and costs little.
@Suite struct HasteTests {
  /// Refuses whatever has a rate while it is shut.
  private final class Turnstile: DialectGate, @unchecked Sendable {
    var isShut = false
    func retryAfter(_ rate: Rate, _ caller: Caller?, address: String) async -> Milliseconds? {
      isShut && rate != .none ? 1_000 : nil
    }

    func signIn(
      _ username: String, address: String, _ body: @Sendable () async throws(ChatError) -> SignedIn
    ) async throws(ChatError) -> SignedIn { try await body() }
  }

  /// A client that has come in, and says more and more as long as it is read.
  private struct Chatterer {
    let gate = Turnstile()
    let stage: MemoryStage
    let socket: MemorySocket
    var said = 0
    var words = (["type": "get_friends"] as JSONValue).bytes

    init() async throws {
      stage = MemoryStage(.pymessage, gate: gate)
      socket = try #require(try await stage.connect("", [:], auth: nil) as? MemorySocket)
      try await socket.send(["type": "create_acc", "username": "ada", "pin": "1"])
      try #require(try await socket.next()?["type"]?.string == "create_acc_resp")
    }

    /// Says what it can in that time, and gives the answers.
    mutating func chatter(for time: Milliseconds) async throws -> [JSONValue] {
      let end = stage.time.now + time
      while stage.time.now < end {
        for _ in 0..<16 where !socket.isPaused {
          said += 1
          socket.session?.received(text: words)
        }
        stage.time.run(for: 1)
      }
      var answers: [JSONValue] = []
      while !socket.isSilent, let answer = try await socket.next() { answers.append(answer) }
      return answers
    }
  }

  @Test func `it is refused fifty times a second at most, and neither sent away nor left without an answer`()
    async throws
  {
    var ada = try await Chatterer()
    ada.gate.isShut = true
    let refused = try await ada.chatter(for: 1_000)
    #expect(refused.allSatisfy { $0["error"] != nil })
    #expect((40...51).contains(refused.count))
    #expect(!ada.socket.isClosed && ada.said < refused.count + DialectSession.actionsWaitingMax)
    ada.gate.isShut = false
    let waiting = ada.said - refused.count
    ada.stage.time.run(for: 200)
    var answers = 0
    while !ada.socket.isSilent, let answer = try await ada.socket.next() {
      #expect(answer["type"]?.string == "friends_resp")
      answers += 1
    }
    #expect(answers == waiting && !ada.socket.isPaused)
  }

  @Test func `an object of too many members slows its client down, also of what has no rate, by events and by frames`()
    async throws
  {
    let many = "{" + (0...Query.parametersMax).map { "\"m\($0)\":1," }.joined() + "\"type\":\"login\"}"
    var ada = try await Chatterer()
    ada.words = Array(many.utf8)
    let refused = try await ada.chatter(for: 1_000)
    #expect(refused.allSatisfy { $0["error"]?.string == "There are more than 64 parameters" })
    #expect((40...51).contains(refused.count))

    let (stage, token) = try await AnswerCostTests.stage(burst: 8)
    let fields: HeaderFields = ["Authorization": "Bearer \(token)"]
    let socket = try #require(try await stage.connect("", fields, auth: nil) as? MemorySocket)
    socket.session?.received(event: "leave_private", arguments: [Array(many.utf8)], ackID: 1)
    socket.session?.received(event: "leave_private", arguments: [Array(many.utf8)], ackID: 2)
    stage.time.run(for: DialectSession.restAfterHaste - 5)
    #expect(socket.acks == [1] && socket.isPaused)
    stage.time.run(for: 10)
    #expect(socket.acks == [1, 2])
  }

  @Test(arguments: DialectCatalog.all.map(\.name))
  func `whatever a socket asks has a rate, but for what asks nothing or is counted by itself`(name: String) throws {
    let dialect = try #require(DialectCatalog.named(name))
    let free = Set(dialect.actions.filter { $0.rate == .none }.map(\.name))
    // Connecting is a connection's; failed sign-ins are counted; the last asks nothing.
    let known: Set = [Action.connect, Action.disconnect, "message_updated"]
    #expect(free.subtracting(known) == (name == "pymessage" ? ["login"] : []))
  }

  /// Counts what is asked for.
  private final class Meter: DialectGate, @unchecked Sendable {
    var reads = 0
    var most = Int.max
    func retryAfter(_ rate: Rate, _ caller: Caller?, address: String) async -> Milliseconds? {
      if rate == .read { reads += 1 }
      return reads > most ? 1_000 : nil
    }

    func signIn(
      _ username: String, address: String, _ body: @Sendable () async throws(ChatError) -> SignedIn
    ) async throws(ChatError) -> SignedIn { try await body() }
  }

  @Test func `each page of a list that is asked for whole counts as a read`() async throws {
    var limits = Limits()
    limits.pageMax = 2
    let meter = Meter()
    let stage = MemoryStage(.realtime, gate: meter, limits: limits)
    for name in ["ada", "bob", "eve", "zoe", "joe"] {
      let account: JSONValue = ["username": .string(name), "email": "a@example.org", "password": "pw"]
      let made = try await stage.request(
        "POST", "/api/auth/register", ["Content-Type": "application/json"], account.bytes)
      #expect(made.status == 201)
    }
    meter.reads = 0
    #expect(try await stage.request("GET", "/api/users", [:], []).status == 200)
    #expect(meter.reads == 2, "three pages, of which the first is the request")
    (meter.reads, meter.most) = (0, 1)
    #expect(try await stage.request("GET", "/api/users", [:], []).status == 429)
  }

  @Test func `who says more at once than may wait is read more slowly, and has all answers`() async throws {
    var ada = try await Chatterer()
    for _ in 0..<DialectSession.actionsReadMost {
      #expect(!ada.socket.isPaused)
      ada.socket.session?.received(text: (["type": "get_friends"] as JSONValue).bytes)
    }
    #expect(ada.socket.isPaused)
    ada.stage.time.run(for: 10)
    #expect(!ada.socket.isPaused)
    let more = try await ada.chatter(for: 20)
    #expect(more.count == DialectSession.actionsReadMost + ada.said && !ada.socket.isClosed)
  }

  @Test func `who is not read from for long is not taken for dead`() async throws {
    let ada = try await Chatterer()
    ada.gate.isShut = true
    let session = try #require(ada.socket.session)
    for _ in 0..<DialectSession.actionsReadMost { session.received(text: (["type": "get_friends"] as JSONValue).bytes) }
    session.lastHeard -= DialectSession.pingEvery * 3
    ada.stage.time.run(for: 600)
    #expect(ada.socket.isPaused && !ada.socket.isClosed)
  }

  @Test func `of one who has proven nothing no more waits than a frame's worth of bytes`() async throws {
    let stage = MemoryStage(.messenger)
    let socket = try #require(try await stage.connect("", [:], auth: nil) as? MemorySocket)
    let long = "{\"a\":[" + String(repeating: "{},", count: 10_000) + "{}]}"
    var said = 0
    func say(_ text: String) {
      said += 1
      socket.session?.received(event: "contact_added", arguments: [Array(text.utf8)], ackID: nil)
    }
    // It is under way, and waits for its proof.
    say("{}")
    stage.time.run(for: 1)
    while !socket.isPaused, said < DialectSession.actionsReadMost { say(long) }
    #expect(socket.isPaused && said == 1 + DialectSession.actionBytesMost / long.utf8.count + 1)
    stage.time.run(for: DialectSession.proofWithin + 200)
    #expect(!socket.isPaused && !socket.isClosed && socket.session?.actions.isEmpty == true)
    for _ in 0..<said { #expect(try await socket.next()?.text.contains("Please login") == true) }
  }
}
