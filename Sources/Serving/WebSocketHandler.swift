import IORuntime
import WebSocket

/// Who listens to a WebSocket; always on its loop.
///
/// The connection holds its listener until ``closed(_:)`` has returned.
public protocol WebSocketHandler: AnyObject {
  /// A text message came; its bytes are UTF-8 and gone after the call.
  func received(text: Span<UInt8>)
  /// A binary message came; its bytes are gone after the call.
  func received(binary: Span<UInt8>)
  /// A pong came.
  func receivedPong()
  /// The send queue, which was congested, is down again.
  func drained()
  /// It is over, by whoever's doing. Called exactly once, never from inside a call of the listener itself.
  func closed(_ end: WebSocketEnd)
}

extension WebSocketHandler {
  /// Does nothing.
  public func receivedPong() {}
  /// Does nothing.
  public func drained() {}
}

/// Why a WebSocket is over.
public enum WebSocketEnd: Sendable, Equatable {
  /// This side closed it.
  case closedHere(CloseCode?)
  /// The client closed it.
  case closedByClient(CloseCode?, reason: String)
  /// The client broke the protocol or a limit, and was told so.
  case broken(ProtocolFailure)
  /// The connection was lost, without a good-bye.
  case lost(ConnectionEnd)
}
