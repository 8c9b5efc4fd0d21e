import HTTP1
import IORuntime

/// A connection that has left HTTP before its last request was answered: bytes in, bytes out.
///
/// - Isolation: its loop. Nothing here waits or fails; once closed, calls do nothing.
public final class RawConnection: @unchecked Sendable {
  /// The request that is to be answered; its ``Request/peer`` is the client's address.
  public let request: Request

  private let server: HTTPServer
  private let connection: Connection
  /// What the limit of connections counts it as; nil for a proxy.
  private let block: String?
  private var handler: (any ConnectionHandler)?

  init(server: HTTPServer, connection: Connection, request: Request, countedAs block: String?) {
    self.server = server
    self.connection = connection
    self.request = request
    self.block = block
  }

  func begin(_ listener: (RawConnection) -> any ConnectionHandler) { handler = listener(self) }

  /// Whether bytes can still be sent.
  public var isOpen: Bool { connection.isOpen }

  /// Whether more waits than should; ``ConnectionHandler/drained()`` tells when not.
  public var isCongested: Bool { connection.isCongested }

  /// Answers the request and ends.
  public func refuse(_ response: Response) {
    server.send(response, on: connection, answering: request.head, keepAlive: false)
    finish()
  }

  /// Answers the request with `101 Switching Protocols`; what is sent from now on is the other protocol's.
  public func switchProtocols(_ headers: HeaderFields) {
    server.send(
      Response(.switchingProtocols, headers: headers), on: connection, answering: request.head, keepAlive: true)
  }

  /// Queues bytes.
  public func send(_ bytes: UnsafeRawBufferPointer) { connection.send(bytes) }

  /// Reads no more until ``resumeReading()``; one read that is under way is still told.
  public func pauseReading() { connection.pauseReading() }

  /// Reads again.
  public func resumeReading() { connection.resumeReading() }

  /// Ends after what waits.
  public func finish() { connection.closeAfterFlush(deadline: server.limits.lingerMilliseconds) }

  /// Ends now.
  public func close() { connection.close() }
}

extension RawConnection: ConnectionHandler {
  /// Bytes came.
  public func received(_ bytes: UnsafeRawBufferPointer) {
    if bytes.count > 0 { handler?.received(bytes) }
  }

  /// The send queue is down.
  public func drained() { handler?.drained() }

  /// The peer will send no more.
  public func peerFinished() -> HalfClose { handler?.peerFinished() ?? .close }

  /// The connection is over.
  public func ended(_ reason: ConnectionEnd) {
    let handler = handler
    self.handler = nil
    handler?.ended(reason)
    server.ended(self, block: block)
  }
}
