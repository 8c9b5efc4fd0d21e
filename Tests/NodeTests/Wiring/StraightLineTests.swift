import Client
import EngineIO
import EngineServing
import HTTP1
import IORuntime
import Serving
import TestKit
import Testing

@testable import Node

/// Clients of Socket.IO over real sockets, whose frames may go past all that is between.
@Suite(.serialized, .timeLimit(.minutes(1))) struct StraightLineTests {
  private final class Heard: @unchecked Sendable {
    var texts: [String] = []
    var transport: SocketIOTransport?
  }

  private final class Handler: HTTPHandler {
    private let door: EngineDoor

    init(door: EngineDoor) { self.door = door }

    func respond(to request: Request) async -> Response { await door.respond(to: request) }
    func upgrade(_ request: Request) -> UpgradeAnswer? { door.upgrade(request) }
  }

  @Test func `a client's frames may go straight to his WebSocket while he is in, and else not`() async throws {
    try await TransportStage.play { stage in
      let (loop, native, heard, directory) = (stage.loop, stage.door, Heard(), EngineDirectory())
      let door = EngineDoor(loop: loop, directory: directory, settings: EngineDoorSettings()) { session, _ in
        let transport = SocketIOTransport(door: native)
        heard.transport = transport
        return SocketIOClient(session, directory: directory, program: transport)
      }
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      let server = HTTPServer(loop: loop, limits: ServingLimits(), handler: Handler(door: door))
      defer { withExtendedLifetime(server) {} }
      try server.serve(listener)
      let socket = try await SocketClient.open(
        loop: loop, address: listener.address, path: "/socket.io/?EIO=4&transport=websocket",
        callbacks: .init(message: { heard.texts.append(String(decoding: $0, as: UTF8.self)) }, closed: { _, _ in }))
      try await eventually(within: 20_000, on: loop) { heard.texts.count == 1 }
      let transport = try #require(heard.transport)
      #expect(transport.line == nil)
      socket.send(#"40{"token":"good"}"#)
      try await eventually(within: 20_000, on: loop) { heard.texts.contains { $0.hasPrefix("40") } }
      #expect(transport.line != nil)
      socket.send("41")
      try await eventually(within: 20_000, on: loop) { transport.line == nil }
      socket.cut()
    }
  }
}
