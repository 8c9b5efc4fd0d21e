import Client
import IORuntime
import Testing
import WebSocket

struct SocketClientTests {
  /// What a socket told its owner; on one loop.
  private final class Seen: @unchecked Sendable {
    var messages: [String] = []
    var closed: [UInt16] = []

    var callbacks: SocketClient.Callbacks {
      .init(
        message: { self.messages.append(String(decoding: $0, as: UTF8.self)) },
        closed: { code, _ in self.closed.append(code) })
    }
  }

  private static func with(
    _ script: @escaping @Sendable (String, Int) -> ScriptedServer.Reaction,
    _ body: @escaping @Sendable (ScriptedServer, Seen) async throws -> Void
  ) async throws {
    let server = try await ScriptedServer(script)
    defer { server.end() }
    try await withTaskExecutorPreference(server.loop) { try await body(server, Seen()) }
  }

  private static func eventually(_ holds: () -> Bool) async -> Bool {
    for _ in 0..<4_000 where !holds() { try? await Task.sleep(for: .milliseconds(5)) }
    return holds()
  }

  private static func isWhole(_ request: String) -> Bool { request.hasSuffix("\r\n\r\n") }

  @Test func `messages go out and come back, and closing is answered`() async throws {
    try await Self.with({ Self.isWhole($0) && $1 >= 0 ? .upgrade(then: []) : .wait }) { server, seen in
      let socket = try await SocketClient.open(
        loop: server.loop, address: server.address, path: "/", callbacks: seen.callbacks)
      socket.send("eins")
      socket.send(String(repeating: "lang ", count: 10_000))
      #expect(await Self.eventually { seen.messages.count == 2 })
      #expect(seen.messages.map(\.utf8.count) == [4, 50_000])
      socket.close()
      #expect(await Self.eventually { !seen.closed.isEmpty })
      #expect(seen.closed == [1000])
      #expect(!socket.isOpen)
    }
  }

  @Test func `what stands behind the handshake in the same bytes is not lost`() async throws {
    let first = FrameWriter.frame(.text, Array("hello".utf8))
    try await Self.with({ text, _ in Self.isWhole(text) ? .upgrade(then: first) : .wait }) { server, seen in
      let socket = try await SocketClient.open(
        loop: server.loop, address: server.address, path: "/", callbacks: seen.callbacks)
      #expect(await Self.eventually { seen.messages == ["hello"] })
      socket.cut()
      #expect(await Self.eventually { seen.closed == [1006] })
    }
  }

  @Test func `a refusal of the handshake is told with its status`() async throws {
    let refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
    try await Self.with({ text, _ in Self.isWhole(text) ? .say(refusal) : .wait }) { server, seen in
      await #expect(throws: CallFailure("refused with 403: no")) {
        _ = try await SocketClient.open(
          loop: server.loop, address: server.address, path: "/", callbacks: seen.callbacks)
      }
      #expect(seen.closed == [])
    }
  }

  @Test func `a handshake that nobody answers ends with the deadline`() async throws {
    try await Self.with({ _, _ in .wait }) { server, seen in
      await #expect(throws: CallFailure.self) {
        _ = try await SocketClient.open(
          loop: server.loop, address: server.address, path: "/", deadline: 150, callbacks: seen.callbacks)
      }
    }
  }

  @Test func `a server that masks its frames breaks the protocol, and the socket ends`() async throws {
    var masked: [UInt8] = []
    FrameWriter.appendMasked(.text, Array("x".utf8), key: 7, to: &masked)
    let bytes = masked
    try await Self.with({ text, _ in Self.isWhole(text) ? .upgrade(then: bytes) : .wait }) { server, seen in
      _ = try await SocketClient.open(
        loop: server.loop, address: server.address, path: "/", callbacks: seen.callbacks)
      #expect(await Self.eventually { seen.closed == [1006] })
      #expect(seen.messages == [])
    }
  }
}
