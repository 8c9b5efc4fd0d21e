import ChatCore
import Delivery
import Realtime
import Serving
import WebSocket

/// A WebSocket as the transport of a native session, and the session as its listener.
///
/// - Isolation: the socket's loop.
final class SocketTransport: SessionTransport, WebSocketHandler {
  private let socket: WebSocketConnection
  private var session: SocketSession?

  private let compresses: Bool

  private init(_ socket: WebSocketConnection, compresses: Bool) {
    self.socket = socket
    self.compresses = compresses
  }

  /// Begins a session on a socket.
  static func begin(
    _ socket: WebSocketConnection, at door: RealtimeDoor, token: String?, trace: TraceParent?, compresses: Bool
  ) -> SocketTransport {
    let transport = SocketTransport(socket, compresses: compresses)
    transport.session = door.open(transport, token: token, trace: trace)
    return transport
  }

  // MARK: What the session asks

  func send(_ frame: EncodedFrame) {
    if compresses {
      socket.send(text: frame.bytes)
    } else {
      socket.send(frame: frame.framed { FrameWriter.frame(.text, $0) })
    }
  }

  func ping() { socket.ping() }

  func close(_ code: Realtime.CloseCode, retryAfter: Milliseconds?) {
    socket.close(
      WebSocket.CloseCode(rawValue: code.rawValue),
      reason: String(decoding: code.reason(retryAfter: retryAfter), as: UTF8.self))
  }

  var queuedBytes: Int { socket.queuedBytes }
  func pauseReading() { socket.pauseReading() }
  func resumeReading() { socket.resumeReading() }

  // MARK: What the socket says

  func received(text: Span<UInt8>) { session?.received(text: text) }

  func received(binary: Span<UInt8>) { session?.receivedBinary() }

  func receivedPong() { session?.receivedPong() }

  func closed(_ end: WebSocketEnd) {
    session?.transportClosed()
    session = nil
  }
}

/// Closes a socket whose page may not speak to us; it is told why, which a refused handshake cannot do for a browser.
final class RefusedOrigin: WebSocketHandler {
  func received(text: Span<UInt8>) {}
  func received(binary: Span<UInt8>) {}
  func closed(_ end: WebSocketEnd) {}
}
