import Client
import IORuntime
import Synchronization
import WebSocket

/// A server of one loop that answers each arrival with what a script says; for what a real one never does.
final class ScriptedServer: Sendable {
  let loop: EventLoop
  let address: SocketAddress
  private let listener: Listener
  private let accepted = Mutex(0)

  /// `script` is given what has arrived on a connection so far and how many came before it.
  init(_ script: @escaping @Sendable (String, Int) -> Reaction) async throws {
    let loop = try EventLoop(name: "scripted")
    try loop.start()
    let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
    (self.loop, self.listener, address) = (loop, listener, listener.address)
    try await loop.submit { [self] in
      try listener.start { connection in
        let number = self.accepted.withLock { count in
          defer { count += 1 }
          return count
        }
        connection.begin(with: Scripted(connection, number, script))
      }
    }
  }

  enum Reaction: Sendable {
    case wait
    case say(String)
    case sayAndClose(String)
    case close
    case upgrade(then: [UInt8])
  }

  var connections: Int { accepted.withLock { $0 } }

  func end() {
    loop.stop()
    loop.join()
  }

  /// One connection of it; after an upgrade it echoes messages.
  private final class Scripted: ConnectionHandler, @unchecked Sendable {
    private let connection: Connection
    private let number: Int
    private let script: @Sendable (String, Int) -> Reaction
    private var text = ""
    private var parser: MessageParser?

    init(_ connection: Connection, _ number: Int, _ script: @escaping @Sendable (String, Int) -> Reaction) {
      self.connection = connection
      self.number = number
      self.script = script
    }

    func received(_ bytes: UnsafeRawBufferPointer) {
      if parser != nil { return echo(UnsafeMutableRawBufferPointer(mutating: bytes)) }
      text += String(decoding: bytes, as: UTF8.self)
      switch script(text, number) {
      case .wait: return
      case .say(let answer): connection.send(answer)
      case .sayAndClose(let answer):
        connection.send(answer)
        connection.closeAfterFlush(deadline: 1_000)
      case .close: connection.close()
      case .upgrade(let first): upgrade(first)
      }
      text = ""
    }

    private func upgrade(_ first: [UInt8]) {
      let key = text.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }?.dropFirst(19) ?? ""
      let accept = Handshake.acceptKey(for: String(key))
      let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      connection.send(Array((head + "Sec-WebSocket-Accept: \(accept)\r\n\r\n").utf8) + first)
      parser = MessageParser(role: .server)
    }

    private func echo(_ bytes: UnsafeMutableRawBufferPointer) {
      var offset = 0
      while let event = parser?.next(bytes, from: &offset) {
        switch event {
        case .text(let payload): connection.send(FrameWriter.frame(.text, payload.array(in: bytes)))
        case .binary(let payload): connection.send(FrameWriter.frame(.binary, payload.array(in: bytes)))
        case .ping(let payload): connection.send(FrameWriter.frame(.pong, payload.array(in: bytes)))
        case .close(let code, let reason):
          connection.send(FrameWriter.frame(.close, FrameWriter.closePayload(code, reason: reason)))
          return connection.closeAfterFlush(deadline: 1_000)
        case .pong: continue
        case .needMore: return
        case .failed: return connection.close()
        }
      }
    }

    func ended(_ reason: ConnectionEnd) {}
  }
}
