import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

@testable import Dialects

/// What no story can tell of seed 003: what other doors do, what is answered in which order, what is chosen.
@Suite struct PymessageTests {
  @Test func `answers come in the order of the frames, also those to what is none`() async throws {
    let stage = MemoryStage(.pymessage)
    let ada = try await stage.line()
    let frames: [JSONValue] = [
      ["type": "create_acc", "username": "ada", "pin": 1], ["type": "dance"], "x", ["type": "get_friends"],
    ]
    for frame in frames { ada.session?.received(text: frame.bytes) }
    let answers = [try await ada.next(), try await ada.next(), try await ada.next(), try await ada.next()]
    #expect(answers.map { $0?["type"]?.string } == ["create_acc_resp", "error", "error", "friends_resp"])
    #expect(answers[1]?["error"] == "endpoint not found" && answers[2]?["error"] == "invalid request")
  }

  /// As `login`, but while it is answered somebody writes, and it takes its time.
  private static let slow = Dialect(
    name: "slow", carrier: .typedJSON, credential: Dialect.pymessage.credential, ids: .integer, times: .zulu,
    routes: [],
    actions: PymessageActions.rows + [
      .on("slow_login", .open) { ask in
        let signedIn = try await ask.signIn("ada", "1")
        try await ask.begin(signedIn)
        let bob = try await ask.signIn("bob", "1")
        _ = try await SendDirectMessage(to: signedIn.user.id, text: "early").run(
          in: ask.mount.chat, as: Caller(user: bob.user.id, session: bob.session.id))
        await ask.session?.pause(50)
        return .say("resp")
      }
    ],
    announce: PymessageActions.announce, refuse: Dialect.pymessage.refuse, deviations: [])

  @Test func `what is told while a login is answered comes after its answer`() async throws {
    let stage = MemoryStage(Self.slow)
    _ = (try await stage.person("ada"), try await stage.person("bob"))
    let late = try await stage.line()
    try await late.send(["type": "slow_login"])
    #expect(try await late.next() == ["type": "resp"])
    #expect(try await late.next()?["content"] == "early")
  }

  @Test func `whoever is blocked hears that the other is not connected, and nothing is kept`() async throws {
    let stage = MemoryStage(.pymessage)
    let (ada, bob) = (try await stage.person("ada"), try await stage.person("bob"))
    _ = await stage.done(BlockUser(user: bob.user), as: ada)
    let away = JSONValue.string("\(ada.user.rawValue) is not connected to the network")
    #expect(try await bob.say(["type": "send_msg", "recipient": ada.id, "content": "hi"]) == away)
    let back = JSONValue.string("\(bob.user.rawValue) is not connected to the network")
    #expect(try await ada.say(["type": "send_msg", "recipient": bob.id, "content": "hi"]) == back)
    let failed = JSONValue.string("failed to send friend request to \(ada.user.rawValue)")
    #expect(try await bob.say(["type": "request_friend", "user": ada.id]) == failed)
    #expect(await stage.done(FindDirectConversation(user: bob.user), as: ada) == .some(nil))
    #expect(try await ada.socket.next() == nil)
  }

  @Test func `the block of who is there and of who is away take the same time to be told`() async throws {
    let stage = MemoryStage(.pymessage)
    let (ada, bob) = (try await stage.person("ada"), try await stage.person("bob"))
    _ = await stage.done(BlockUser(user: bob.user), as: ada)
    func delay() async throws -> Milliseconds {
      let begun = stage.time.now
      bob.socket.session?.received(
        text: (["type": "send_msg", "recipient": ada.id, "content": "hi"] as JSONValue).bytes)
      while bob.socket.isSilent { stage.time.run(for: 10) }
      _ = try await bob.socket.next()
      return stage.time.now - begun
    }
    let there = try await delay()
    await ada.socket.close()
    stage.time.run(for: 5_000)
    #expect(try await delay() == there)
  }

  @Test func `a request made at another door is told, and one from under a block is not`() async throws {
    let stage = MemoryStage(.pymessage)
    let (ada, bob) = (try await stage.person("ada"), try await stage.person("bob"))
    _ = await stage.done(RequestContact(user: bob.user), as: ada)
    #expect(try await bob.socket.next() == ["type": "friend_request", "user": ada.id])
    _ = await stage.done(BlockUser(user: ada.user), as: bob)
    #expect(try await bob.socket.next() == nil)
    let again = try await stage.line()
    try await again.send(["type": "login", "username": "bob", "pin": "1"])
    #expect(try await again.next()?["type"] == "resp")
    #expect(try await again.next() == nil)
  }

  @Test func `what is said in a group is not told, its clients would take it for private`() async throws {
    let stage = MemoryStage(.pymessage)
    let (ada, bob) = (try await stage.person("ada"), try await stage.person("bob"))
    let group = await stage.done(CreateConversation(kind: .group, title: "g", members: [bob.user]), as: ada)
    _ = await stage.done(SendMessage(conversation: try #require(group).id, text: "all"), as: ada)
    _ = await stage.done(SendDirectMessage(to: bob.user, text: "you"), as: ada)
    #expect(try await bob.socket.next() == ["type": "message", "sender": ada.id, "content": "you"])
    #expect(try await bob.socket.next() == nil)
  }

  @Test func `where only friends may write, others hear that they are none`() async throws {
    let stage = MemoryStage(.pymessage, chosen: ["msg_nonfriend": "false"])
    let (ada, bob) = (try await stage.person("ada"), try await stage.person("bob"))
    let frame: JSONValue = ["type": "send_msg", "recipient": bob.id, "content": "hi"]
    let stranger = JSONValue.string("\(bob.user.rawValue) is not your friend")
    #expect(try await ada.say(frame) == stranger)
    _ = await stage.done(RequestContact(user: bob.user), as: ada)
    #expect(try await ada.say(frame) == stranger)
    _ = await stage.done(AcceptContact(user: ada.user), as: bob)
    try await ada.socket.send(frame)
    #expect(try await ada.socket.next() == ["type": "send_resp", "status": "success"])
  }

  @Test func `a login ends with its socket, so that no number of them signs anything else out`() async throws {
    let stage = MemoryStage(.pymessage)
    let ada = try await stage.person("ada")
    for _ in 0..<3 {
      let line = try await stage.line()
      try await line.send(["type": "login", "username": "ada", "pin": "1"])
      #expect(try await line.next()?["type"] == "resp")
      await line.close()
    }
    #expect(await stage.done(ListSessions(), as: ada)?.count == 1)
  }

  @Test func `a session that is ended elsewhere closes the socket`() async throws {
    let stage = MemoryStage(.pymessage)
    let ada = try await stage.person("ada")
    _ = await stage.done(SignOut(.all), as: ada)
    stage.time.run(for: 2_000)
    #expect(ada.socket.isClosed)
  }

  @Test func `who says for five minutes not who he is, is let go`() async throws {
    let stage = MemoryStage(.pymessage)
    let (nobody, ada) = (try await stage.line(), try await stage.person("ada"))
    stage.time.run(for: DialectSession.namelessMax - 1_000)
    #expect(!nobody.isClosed)
    stage.time.run(for: DialectSession.pingEvery + 1_000)
    #expect(nobody.isClosed && !ada.socket.isClosed)
  }

  @Test func `who has tried too often is told the same as who was wrong, with the right PIN too`() async throws {
    let stage = MemoryStage(.pymessage, gate: ClosedDoor())
    let line = try await stage.line()
    try await line.send(["type": "login", "username": "ada", "pin": "1"])
    #expect(try await line.next() == ["type": "error", "error": "acc not found"])
  }
}

/// Somebody who has signed up by a socket.
private struct Person {
  let socket: MemorySocket
  let user: UserID

  var id: JSONValue { .integer(user.rawValue) }
  var caller: Caller { socket.session?.caller ?? Caller(user: user, session: SessionID(rawValue: 0)) }

  /// Sends what is refused, and gives the words.
  func say(_ frame: JSONValue) async throws -> JSONValue? {
    try await socket.send(frame)
    return try await socket.next()?["error"]
  }
}

extension MemoryStage {
  fileprivate func line() async throws -> MemorySocket {
    try #require(try await connect("", [:], auth: nil) as? MemorySocket)
  }

  fileprivate func person(_ name: String) async throws -> Person {
    let line = try await line()
    try await line.send(["type": "create_acc", "username": .string(name), "pin": "1"])
    let id = try #require(try await line.next()?["id"]?.integer)
    return Person(socket: line, user: UserID(rawValue: id))
  }

  /// What a person does at another door.
  fileprivate func done<Asked: Command>(_ command: Asked, as person: Person) async -> Asked.Reply? {
    let (chat, caller) = (mount.chat, person.caller)
    let reply = time.finish { try? await command.run(in: chat, as: caller) }
    return reply ?? nil
  }
}

/// Lets nobody try.
private struct ClosedDoor: DialectGate {
  func retryAfter(_ rate: Rate, _ caller: Caller?, address: String) async -> Milliseconds? { nil }

  func signIn(
    _ username: String, address: String, _ body: @Sendable () async throws(ChatError) -> SignedIn
  ) async throws(ChatError) -> SignedIn { throw .rateLimited(retryAfter: 1_000) }
}
