import ChatCore
import Delivery
import TestKit
import Testing

@testable import Realtime

/// What a session costs while nothing happens, of which a node holds ten thousands. Who adds a member and finds these
/// failing either does without, or raises the number and says what it is worth.
@Suite struct IdleSizeTests {
  @Test func `a session and its seat are small`() throws {
    let stage = try SocketStage()
    let session = try #require(try stage.client(stage.ada).session)
    let seat = try #require(session.seat)
    #expect(try #require(allocatedBytes(of: session)) <= 248)
    // Of these, 32 are its line and where that stands: worth a tenth of what telling a crowd by Socket.IO costs.
    #expect(try #require(allocatedBytes(of: seat)) <= 136)
  }

  @Test func `a session keeps nothing of the requests that were answered`() throws {
    let stage = try SocketStage()
    let client = try stage.client(stage.ada)
    let session = try #require(client.session)
    client.send(#"{"id":"w","op":"presence.watch","d":{"users":[]}}"#)
    stage.time.run(for: 50)
    #expect(client.reply("w") != nil)
    #expect(session.inFlight.capacity == 0)
    #expect(session.held.capacity == 0)
    #expect(session.recovery == nil)
  }
}
