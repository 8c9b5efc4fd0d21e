import HTTP1
import IORuntime
import TestKit
import Testing
import WebSocket

@testable import Serving

/// What a WebSocket costs while nothing happens, of which a node holds ten thousands. Who adds a member and finds this
/// failing either does without, or raises the number and says what it is worth.
@Suite struct IdleSizeTests {
  @Test func `a WebSocket and its connection are small`() throws {
    let loop = try EventLoop(name: "idle-size")
    let connection = Connection(loop: loop, descriptor: -1)
    let values = [
      "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]
    let agreement = try Handshake.agree(method: "GET", isHTTP11: true, hasBody: false, offer: Handshake.Offer()) {
      values[$0].map { [$0] } ?? []
    }
    let socket = WebSocketConnection(
      server: HTTPServer(loop: loop, handler: TestHandler(loop: loop)), connection: connection, agreement: agreement,
      limits: MessageLimits(), countedAs: nil)
    #expect(try #require(allocatedBytes(of: connection)) <= 184)
    #expect(try #require(allocatedBytes(of: socket)) <= 280)
  }
}
