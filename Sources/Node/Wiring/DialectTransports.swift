import ChatCore
import Delivery
import Dialects
import EngineServing
import HTTP1
import JSONText
import Serving
import SocketIO
import WebSocket

/// A client of Socket.IO as the transport of a dialect's session.
///
/// - Isolation: the client's loop.
/// - Limits: ``EventBacklog/bytesMax``; past it the client is sent away.
final class DialectSocketIO: PausableProgram, DialectTransport, @unchecked Sendable {
  private static let namespace = "/"

  private let door: DialectDoor
  private let request: Request
  private(set) var client: SocketIOClient?
  private var session: DialectSession?
  var backlog = EventBacklog()

  init(_ door: DialectDoor, _ request: Request) {
    self.door = door
    self.request = request
  }

  // MARK: What the client says

  func asked(namespace: String, auth: [UInt8], by client: SocketIOClient) {
    guard namespace == DialectSocketIO.namespace, session == nil else {
      return client.refuse(namespace, message: "Invalid namespace")
    }
    self.client = client
    session = door.open(self, by: request)
    let limits = JSONLimits(bytesMax: DialectSession.authBytesMax)
    session?.asked(auth: auth.isEmpty ? nil : try? JSONValue(parsing: auth, limits: limits))
  }

  func turnDown(_ event: SocketEvent, of client: SocketIOClient) { client.close() }

  func hand(over event: SocketEvent) {
    session?.received(
      event: event.name, arguments: event.arguments.texts(atMost: DialectSession.argumentsMax), ackID: event.ackID)
  }

  func upgrading(by request: Request, client: SocketIOClient) { session?.upgraded(by: request) }

  func left(namespace: String, client: SocketIOClient) { over() }

  func ended(_ client: SocketIOClient) { over() }

  private func over() {
    session?.transportClosed()
    session = nil
    client = nil
    backlog = EventBacklog()
  }

  // MARK: What the session asks

  func accept(pid: String?) { client?.accept(DialectSocketIO.namespace, pid: pid, isKnown: false) }

  func settle() { client?.session.settle() }

  func refuse() {
    client?.refuse(DialectSocketIO.namespace, message: "Connection rejected by server")
    client?.close()
  }

  func send(_ text: [UInt8]) {
    guard let client, client.isJoined(DialectSocketIO.namespace) else { return }
    client.session.send(text: text)
  }

  func send(_ frame: EncodedFrame) {
    client?.send(packet: frame.bytes) { frame.framed { FrameWriter.frame(.text, [UInt8(ascii: "4")] + $0) } }
  }

  func acknowledge(_ id: Int64) { client?.acknowledge(id, []) }

  /// Engine.IO does that.
  func ping() {}

  func close() { client?.close() }

  var queuedBytes: Int { client?.session.queuedBytes ?? 0 }
}

/// A WebSocket as the transport of a dialect's session.
///
/// - Isolation: the socket's loop.
final class DialectWebSocket: DialectTransport, WebSocketHandler {
  private let socket: WebSocketConnection
  private var session: DialectSession?

  private init(_ socket: WebSocketConnection) { self.socket = socket }

  /// Begins a session on a socket.
  static func begin(_ socket: WebSocketConnection, at door: DialectDoor, by request: Request) -> DialectWebSocket {
    let transport = DialectWebSocket(socket)
    transport.session = door.open(transport, by: request)
    return transport
  }

  func accept(pid: String?) {}
  /// Connections are counted by their address as such.
  func settle() {}
  func refuse() { socket.close(.policyViolation) }
  func send(_ text: [UInt8]) { socket.send(text: text) }
  func send(_ frame: EncodedFrame) { socket.send(frame: frame.framed { FrameWriter.frame(.text, $0) }) }
  func acknowledge(_ id: Int64) {}
  func ping() { socket.ping() }
  func close() { socket.close(.goingAway) }
  func pauseReading() { socket.pauseReading() }
  func resumeReading() { socket.resumeReading() }
  var queuedBytes: Int { socket.queuedBytes }

  func received(text: Span<UInt8>) { session?.received(text: text.withUnsafeBufferPointer { Array($0) }) }
  func received(binary: Span<UInt8>) { socket.close(.unsupportedData) }
  func receivedPong() { session?.heard() }

  func closed(_ end: WebSocketEnd) {
    session?.transportClosed()
    session = nil
  }
}
