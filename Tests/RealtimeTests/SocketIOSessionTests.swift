import ChatCore
import Delivery
import EntryText
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Realtime

/// The native session on Socket.IO's wire: what goes in is events and tickets, what comes out is packets.
@Suite struct SocketIOSessionTests {
  // MARK: Coming in

  @Test func `a good token lets a client in, and a bad one gets the problem and leaves nothing behind`() throws {
    let stage = try SocketStage()
    let good = try stage.enter(#"{"token":"\#(try stage.token(of: stage.ada).token)"}"#)
    let bad = try stage.enter(#"{"token":"nonsense"}"#)
    stage.time.run(for: 20)
    #expect(good.sid == good.session?.id.description)
    #expect(good.pid == nil)
    #expect(bad.problem?.code == "invalid_token")
    #expect(bad.closed == nil)
    #expect(stage.door.report.open == 1)
  }

  @Test(
    "what is no ticket is refused with what to bring instead",
    arguments: [
      ("", "not_authenticated"), ("{}", "not_authenticated"), (#"{"token":null}"#, "not_authenticated"),
      (#"{"token":5}"#, "invalid_request"), (#"{"token":"t","cookie":1}"#, "unknown_member"),
      (#"{"token":"t","token":"u"}"#, "invalid_json"),
    ])
  func ticket(auth: String, code: String) {
    guard case .failure(let refusal) = Ticket.read(auth: Array(auth.utf8), limits: RealtimeLimits()) else {
      Issue.record("taken")
      return
    }
    #expect(refusal.problem.code == code)
  }

  @Test func `who cannot be let in because the database is away has the transport closed, so that he comes back`()
    throws
  {
    let stage = try SocketStage()
    stage.verifier.refusal = .unavailable(.database, retryAfter: 1_000)
    let client = try stage.enter(#"{"token":"good"}"#)
    stage.time.run(for: 20)
    #expect(client.problem == nil)
    #expect(client.closed?.advice == .resume)
    #expect(stage.door.report.open == 0)
  }

  @Test func `a session without a heartbeat of its own is never pinged`() throws {
    let stage = try SocketStage()
    let client = try stage.entered(stage.ada)
    stage.time.run(for: 200_000)
    #expect(client.pings == 0)
    #expect(client.closed == nil)
  }

  // MARK: Operations

  @Test func `every row is an event of its name, answered by its ack`() throws {
    let stage = try SocketStage()
    let client = try stage.entered(stage.ada)
    for (number, row) in Operations.rows(stage.chat.limits, RealtimeLimits()).enumerated() {
      client.emit(row.name, "{}", ack: Int64(number))
      stage.time.run(for: 50)
      let ack = try #require(client.acks[Int64(number)])
      #expect(ack["error"]?["code"]?.string != "unknown_operation", "\(row.name)")
      #expect((ack["ok"]?.bool == true) == (ack["d"] != nil))
    }
    #expect(client.closed == nil)
  }

  @Test(
    "what is no operation, or not one object, is refused in the ack",
    arguments: [
      ("fly", ["{}"], "unknown_operation"), ("resume", ["[]"], "invalid_request"),
      ("resume", ["{}", "{}"], "invalid_request"), ("resume", ["5"], "invalid_request"),
      ("message.send", [#"{"a":1,"a":2}"#], "invalid_json"), ("message.send", [], "invalid_request"),
    ])
  func refused(name: String, arguments: [String], code: String) throws {
    let stage = try SocketStage()
    let client = try stage.entered(stage.ada)
    client.session?.received(event: name, arguments.map { Array($0.utf8) }, hasAttachments: false, ack: 3)
    stage.time.run(for: 20)
    #expect(client.acks[3]?["error"]?["code"]?.string == code)
    client.session?.received(event: "resume", [], hasAttachments: true, ack: 4)
    #expect(client.acks[4]?["error"]?["code"]?.string == "invalid_request")
  }

  @Test func `an event without an ack is done, and its answer dropped`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [])
    let client = try stage.entered(stage.ada)
    client.emit("message.send", #"{"conversation":\#(room.rawValue),"text":"quiet"}"#, ack: nil)
    client.emit("fly", "{}", ack: nil)
    stage.time.run(for: 50)
    #expect(client.acks.isEmpty)
    #expect(client.session?.inFlight.isEmpty == true)
    #expect(stage.recorded.contains { $0.operation == "message.send" && $0.outcome == "ok" })
  }

  @Test func `an expired token ends the session, a new one by auth prolongs it`() throws {
    let stage = try SocketStage()
    let short = try stage.token(of: stage.ada, lifetime: 5_000).token
    let (expiring, renewed) = (
      try stage.enter(#"{"token":"\#(short)"}"#), try stage.enter(#"{"token":"\#(short)"}"#)
    )
    stage.time.run(for: 20)
    renewed.emit("auth", #"{"token":"\#(try stage.token(of: stage.ada).token)"}"#, ack: 0)
    stage.time.run(for: 6_000)
    #expect(expiring.closed == .tokenExpired)
    #expect(renewed.acks[0]?["ok"]?.bool == true)
    #expect(renewed.closed == nil)
  }

  // MARK: Events

  @Test func `an event bears the frame's name and the native frame, the same for both wires`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [])
    let (client, native) = (try stage.entered(stage.ada), try stage.client(stage.ada))
    client.emit("resume", "{}", ack: 0)
    stage.time.run(for: 50)
    client.emit("message.send", #"{"conversation":\#(room.rawValue),"text":"hi"}"#, ack: 1)
    stage.time.run(for: 50)
    let event = try #require(client.events.last)
    #expect(event[0]?.string == "message.created")
    #expect(event[1] == native.frames.last { $0["t"] != nil })
    #expect(event[2] == nil)
  }

  @Test func `what goes to many is encoded once, and framed once`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [])
    let clients = try (0..<3).map { _ in try stage.entered(stage.ada) }
    for client in clients { client.emit("resume", "{}", ack: 0) }
    stage.time.run(for: 50)
    clients[0].emit("message.send", #"{"conversation":\#(room.rawValue),"text":"hi"}"#, ack: nil)
    stage.time.run(for: 50)
    #expect(clients.allSatisfy { $0.lastEntry != nil && $0.lastEntry === clients[0].lastEntry })
  }

  @Test func `the notice of an end names its code, its name and when to come back`() {
    #expect(
      String(decoding: CloseCode.draining.notice(retryAfter: 1_234), as: UTF8.self)
        == #"{"code":4000,"reason":"draining","retry_after_ms":1234}"#)
  }
}
