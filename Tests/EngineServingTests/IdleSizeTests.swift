import EngineIO
import IORuntime
import SocketIO
import TestKit
import Testing

@testable import EngineServing

/// What a client of Socket.IO costs while nothing happens, of which a node holds ten thousands. Who adds a member and
/// finds this failing either does without, or raises the number and says what it is worth.
@Suite struct IdleSizeTests {
  private final class Nobody: SocketProgram {
    func asked(namespace: String, auth: [UInt8], by client: SocketIOClient) {}
    func happened(_ event: SocketEvent, by client: SocketIOClient) {}
    func left(namespace: String, client: SocketIOClient) {}
    func ended(_ client: SocketIOClient) {}
  }

  @Test func `a session of Engine.IO and its client are small`() async throws {
    let sizes = try await onLoop { loop -> [Int?] in
      let directory = EngineDirectory()
      let session = EngineSession(
        directory: directory, loop: loop, mount: "", version: .v4, takesBytes: true, isSocket: true,
        limits: EngineLimits(), tally: EngineTally())
      let client = SocketIOClient(session, directory: directory, program: Nobody())
      defer { client.closed(.closedHere) }
      return [allocatedBytes(of: session), allocatedBytes(of: client)]
    }
    let (session, client) = (try #require(sizes[0]), try #require(sizes[1]))
    #expect(session <= 296)
    #expect(client <= 248)
  }
}
