import ChatCore
import Delivery
import Realtime
import Serving
import WebSocket

/// A WebSocket is the transport of a native session as it is: a thousand are told one thing in a millisecond, and each
/// object on the way to a socket is one more piece of memory to wait for.
extension WebSocketConnection: SessionTransport {
  /// Sends what was encoded once for many.
  public func send(_ frame: EncodedFrame) {
    if compresses {
      send(text: frame.bytes)
    } else {
      send(frame: frame.framed { FrameWriter.frame(.text, $0) })
    }
  }

  /// Itself; what it compresses it has to see.
  public var line: (any FrameLine)? { compresses ? nil : self }

  /// Asks whether the client lives.
  public func ping() { ping([]) }

  /// Tells the client why, and ends.
  public func close(_ code: Realtime.CloseCode, retryAfter: Milliseconds?) {
    close(
      WebSocket.CloseCode(rawValue: code.rawValue),
      reason: String(decoding: code.reason(retryAfter: retryAfter), as: UTF8.self))
  }
}

/// Frames of a crowd go straight to it, be they of native sessions or of Socket.IO.
extension WebSocketConnection: FrameLine {
  /// Sends it.
  public func deliver(framed bytes: [UInt8]) -> Int { queue(frame: bytes) }

  /// The connection's.
  public var behind: UnsafeRawPointer { socketAddress }
}

/// The session listens to its socket.
extension SocketSession: WebSocketHandler {
  /// A binary message came.
  public func received(binary: Span<UInt8>) { receivedBinary() }

  /// The socket is gone.
  public func closed(_ end: WebSocketEnd) { transportClosed() }
}

/// Closes a socket whose page may not speak to us; it is told why, which a refused handshake cannot do for a browser.
final class RefusedOrigin: WebSocketHandler {
  func received(text: Span<UInt8>) {}
  func received(binary: Span<UInt8>) {}
  func closed(_ end: WebSocketEnd) {}
}
