import ChatCore
import Delivery
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Realtime

@Suite struct SocketSessionTests {
  // MARK: Greeting and auth

  @Test func `the server speaks first and names its limits`() throws {
    let stage = try SocketStage()
    let client = stage.connect()
    let hello = try #require(client.frames.first)
    #expect(hello["t"]?.string == "hello")
    #expect(hello["d"]?["session"]?.string?.count == 32)
    #expect(hello["d"]?["heartbeat_ms"]?.integer == 25_000)
    #expect(hello["d"]?["limits"]?["resume_limit"]?.integer == 1_000)
    #expect(hello["d"]?["limits"]?["text_bytes"]?.integer == 16_384)
    #expect(hello["d"]?["limits"]?["frame_bytes"]?.integer == 262_144)
    #expect(hello["d"]?["limits"]?["in_flight"]?.integer == 128)
  }

  @Test func `auth answers who speaks here`() throws {
    let stage = try SocketStage()
    let client = stage.connect()
    client.send(#"{"id":"1","op":"auth","d":{"token":"\#(try stage.token(of: stage.ada).token)"}}"#)
    stage.time.run(for: 20)
    let reply = try #require(client.reply("1"))
    #expect(reply["ok"]?.bool == true)
    #expect(reply["d"]?["user"]?["username"]?.string == "ada")
    #expect(reply["d"]?["session"]?.string == client.session?.id.description)
  }

  @Test func `a token in the header spares auth`() throws {
    let stage = try SocketStage()
    let client = stage.connect(token: try stage.token(of: stage.ada).token)
    client.send(#"{"id":"1","op":"resume"}"#)
    stage.time.run(for: 50)
    #expect(client.reply("1")?["ok"]?.bool == true)
  }

  @Test func `before auth other operations are refused, and during it they wait`() throws {
    let stage = try SocketStage()
    let client = stage.connect()
    client.send(#"{"id":"1","op":"resume"}"#)
    #expect(client.code("1") == "not_authenticated")
    client.send(#"{"id":"2","op":"auth","d":{"token":"\#(try stage.token(of: stage.ada).token)"}}"#)
    client.send(#"{"id":"3","op":"resume"}"#)
    #expect(client.reply("3") == nil)
    stage.time.run(for: 50)
    #expect(client.reply("2")?["ok"]?.bool == true)
    #expect(client.reply("3")?["ok"]?.bool == true)
  }

  @Test func `what waited for a token that is refused is refused too`() throws {
    let stage = try SocketStage()
    let client = stage.connect()
    client.send(#"{"id":"1","op":"auth","d":{"token":"nonsense"}}"#)
    client.send(#"{"id":"2","op":"resume"}"#)
    client.send(#"{"id":"3","op":"auth","d":{"token":"\#(try stage.token(of: stage.ada).token)"}}"#)
    stage.time.run(for: 50)
    #expect(client.code("1") == "invalid_token")
    #expect(client.code("2") == "not_authenticated")
    #expect(client.reply("3")?["ok"]?.bool == true)
  }

  @Test func `who cannot authenticate because the database is away is told to come back`() throws {
    let stage = try SocketStage()
    stage.verifier.refusal = .unavailable(.database, retryAfter: 1_000)
    let client = stage.connect()
    for number in 1...9 {
      client.send(#"{"id":"\#(number)","op":"auth","d":{"token":"good"}}"#)
      stage.time.run(for: 1_000)
      #expect(client.code("\(number)") == "database_unavailable")
    }
    stage.time.run(for: 1_000)
    #expect(client.closed?.code == CloseCode.resumeLimit.rawValue)
  }

  @Test func `who does not authenticate in time is closed with 4502`() throws {
    let stage = try SocketStage()
    let client = stage.connect()
    stage.time.run(for: 9_999)
    #expect(client.closed == nil)
    stage.time.run(for: 1)
    #expect(client.closed?.code == 4502)
    #expect(stage.door.report.open == 0)
  }

  @Test func `a bad token in the header ends the session with a code that says to come back fresh`() throws {
    let stage = try SocketStage()
    let client = stage.connect(token: "nonsense")
    stage.time.run(for: 20)
    #expect(client.closed?.code == 4100)
    stage.verifier.refusal = .unauthenticated(.sessionEnded)
    let other = stage.connect(token: "nonsense")
    stage.time.run(for: 20)
    #expect(other.closed?.code == 4500)
  }

  @Test func `a token's expiry closes with 4100 unless a new one came before`() throws {
    let stage = try SocketStage()
    let (one, two) = (
      stage.connect(token: try stage.token(of: stage.ada, lifetime: 60_000).token),
      stage.connect(token: try stage.token(of: stage.ada, lifetime: 60_000).token)
    )
    stage.time.run(for: 50_000)
    two.send(#"{"id":"1","op":"auth","d":{"token":"\#(try stage.token(of: stage.ada, lifetime: 60_000).token)"}}"#)
    stage.time.run(for: 11_000)
    #expect(one.closed?.code == 4100)
    #expect(two.closed == nil)
    stage.time.run(for: 50_000)
    #expect(two.closed?.code == 4100)
  }

  @Test func `another user's token is refused`() throws {
    let stage = try SocketStage()
    let client = try stage.client(stage.ada)
    client.send(#"{"id":"1","op":"auth","d":{"token":"\#(try stage.token(of: stage.bob).token)"}}"#)
    stage.time.run(for: 20)
    #expect(client.code("1") == "other_user")
    #expect(client.closed == nil)
  }

  // MARK: Heartbeat and end

  @Test func `a client that answers pings lives, one that is silent is closed with 4002`() throws {
    let stage = try SocketStage()
    let (alive, dead) = (try stage.client(stage.ada), try stage.client(stage.ada))
    dead.isAlive = false
    stage.time.run(for: 44_000)
    #expect(dead.closed == nil)
    stage.time.run(for: 1_000)
    #expect(dead.closed?.code == 4002)
    stage.time.run(for: 100_000)
    #expect(alive.closed == nil)
    #expect(alive.pings == 5)
  }

  @Test func `signing out closes with 4500 within a second`() throws {
    let stage = try SocketStage()
    let client = try stage.client(stage.ada)
    stage.broker.announce(.signedOut(stage.ada.id, sessions: []))
    stage.time.run(for: 1_000)
    #expect(client.closed?.code == 4500)
    #expect(stage.hub.report.sessions == 0)
  }

  @Test func `a client that does not read is closed with 4001`() throws {
    var delivery = DeliveryLimits()
    delivery.sendQueueBytesMax = 5_000
    delivery.slowReaderGrace = 5
    let stage = try SocketStage(delivery: delivery)
    let room = try stage.group(members: [stage.bob])
    let (ada, bob) = (try stage.client(stage.ada), try stage.client(stage.bob))
    bob.reads = false
    for id in 1...30 {
      ada.send(#"{"id":"\#(id)","op":"message.send","d":{"conversation":\#(room.rawValue),"text":"hi"}}"#)
      stage.time.run(for: 5)
    }
    #expect(bob.closed?.code == 4001)
    #expect(bob.queuedBytes < 6_000)
    #expect(ada.seqs(room).count == 30)
  }

  @Test func `a client that asks and does not read the answers is closed with 4001`() throws {
    var delivery = DeliveryLimits()
    delivery.sendQueueBytesMax = 5_000
    let stage = try SocketStage(delivery: delivery)
    let client = try stage.client(stage.ada)
    client.reads = false
    for id in 1...50 { client.send(#"{"id":"\#(id)","op":"nothing"}"#) }
    #expect((5_001..<20_000).contains(client.queuedBytes))
    // The kernel may not have been asked yet: what is answered in one turn of the loop is no proof.
    #expect(client.closed == nil)
    stage.time.run(for: 1_000)
    #expect(client.closed?.code == 4001)
  }

  @Test func `a connection that is gone is forgotten, with what was under way`() throws {
    let stage = try SocketStage()
    let room = try stage.group(members: [])
    let client = try stage.client(stage.ada)
    client.send(#"{"id":"1","op":"message.send","d":{"conversation":\#(room.rawValue),"text":"hi"}}"#)
    client.session?.transportClosed()
    stage.time.run(for: 20_000)
    #expect(stage.door.report.open == 0)
    #expect(stage.hub.report.sessions == 0)
    #expect(stage.hub.report.rooms == 0)
    weak let session = client.session
    client.session = nil
    #expect(session == nil)
  }

  // MARK: Draining

  @Test func `draining tells each session to come back after a time of its own`() throws {
    let stage = try SocketStage()
    let clients = try (0..<20).map { _ in try stage.client(stage.ada) }
    stage.door.drain(over: 1_000)
    stage.time.run(for: 300)
    let early = clients.count { $0.closed != nil }
    #expect((1..<20).contains(early))
    stage.time.run(for: 700)
    for client in clients {
      #expect(client.closed?.code == 4000)
      #expect(client.closed?.reason.contains("retry_after_ms") == true)
    }
    #expect(Set(clients.compactMap(\.closed?.reason)).count > 5)
    let late = stage.connect()
    #expect(late.closed?.code == 4000)
  }

  @Test func `draining answers what is under way and refuses what is new`() throws {
    let stage = try SocketStage()
    let client = stage.connect()
    client.send(#"{"id":"1","op":"auth","d":{"token":"\#(try stage.token(of: stage.ada).token)"}}"#)
    client.send(#"{"id":"2","op":"resume"}"#)
    stage.door.drain(over: 1)
    stage.time.run(for: 1)
    client.send(#"{"id":"3","op":"resume"}"#)
    #expect(client.code("3") == "node_unavailable")
    client.send(#"{"id":"2","op":"resume"}"#)
    #expect(client.code("2") == "duplicate_id")
    stage.time.run(for: 100)
    #expect(client.reply("1")?["ok"]?.bool == true)
    #expect(client.frames.contains { $0["re"]?.string == "2" && $0["ok"]?.bool == true })
    #expect(client.closed?.code == 4000)
  }
}
