import EngineIO
import HTTP1
import IORuntime
import Serving
import SocketIO

/// What a program does with the clients of Socket.IO; always on the client's loop.
///
/// The client holds its program until ``ended(_:)`` has returned.
public protocol SocketProgram: AnyObject {
  /// A client asks to come into a namespace: answer with ``SocketIOClient/accept(_:)`` or
  /// ``SocketIOClient/refuse(_:message:data:)``, now or later; `auth` is an object as JSON text, or empty.
  func asked(namespace: String, auth: [UInt8], by client: SocketIOClient)

  /// Something has happened; an `ackID` asks for ``SocketIOClient/acknowledge(_:_:namespace:attachments:)``.
  func happened(_ event: SocketEvent, by client: SocketIOClient)

  /// A client has left a namespace, or is gone while in it.
  func left(namespace: String, client: SocketIOClient)

  /// The client goes on by a WebSocket, whose request may bring what the polls could not.
  func upgrading(by request: Request, client: SocketIOClient)

  /// The session is over. Called exactly once, after ``left(namespace:client:)`` for each namespace.
  func ended(_ client: SocketIOClient)
}

extension SocketProgram {
  /// Does nothing.
  public func upgrading(by request: Request, client: SocketIOClient) {}
}

/// An event of a client.
public struct SocketEvent: Sendable, Equatable {
  /// The namespace.
  public var namespace: String
  /// Its name.
  public var name: String
  /// Its arguments.
  public var arguments: SocketArguments
  /// The number of the ack that it asks for.
  public var ackID: Int64?
}

/// One client of Socket.IO on a session of Engine.IO.
///
/// It does what ``SocketMachine`` decides.
///
/// - Isolation: the session's loop.
/// - Limits: ``SocketLimits``.
public final class SocketIOClient: @unchecked Sendable {
  /// The session that carries it.
  public let session: EngineSession

  private let directory: EngineDirectory
  private var machine: SocketMachine
  private var decoder: SocketDecoder
  private var program: (any SocketProgram)?
  private var timer: LoopTimer?

  /// A client on a session that has just begun.
  public init(
    _ session: EngineSession, directory: EngineDirectory, program: any SocketProgram,
    limits: SocketLimits = SocketLimits()
  ) {
    self.session = session
    self.directory = directory
    self.program = program
    machine = SocketMachine(limits: limits, at: session.loop.now)
    decoder = SocketDecoder(limits: limits)
    timer = session.loop.schedule(after: limits.connectTimeout) { [self] in timePassed() }
  }

  /// Whether the client is in a namespace.
  public func isJoined(_ namespace: String) -> Bool { machine.isJoined(namespace) }

  /// The client's WebSocket, when he is in the namespace and ``EngineSession/socket`` has one.
  public func socket(in namespace: String) -> WebSocketConnection? {
    machine.isJoined(namespace) ? session.socket : nil
  }

  // MARK: Sending

  /// Lets the client into a namespace; gives the id that he has there, or nil when he is gone by now.
  ///
  /// - Parameters:
  ///   - sid: his id, when he comes back to one; nil makes one.
  ///   - pid: the secret by which he may come back, for programs that remember.
  ///   - isKnown: whether it is known who he is; else he stays one of the newcomers of his address until
  ///     ``EngineSession/settle()``.
  @discardableResult
  public func accept(_ namespace: String, sid: String? = nil, pid: String? = nil, isKnown: Bool = true) -> String? {
    let sid = sid ?? directory.makeID()
    guard let packet = machine.accept(namespace, sid: sid, pid: pid) else { return nil }
    if isKnown { session.settle() }
    timer?.cancel()
    timer = nil
    send(packet)
    return sid
  }

  /// Does not let the client in.
  ///
  /// - Parameter data: a JSON text that he finds in the error's `data`.
  public func refuse(_ namespace: String, message: String, data: [UInt8]? = nil) {
    if let packet = machine.refuse(namespace, message: message, data: data) { send(packet) }
  }

  /// Tells the client of an event; dropped when he is not in the namespace.
  ///
  /// - Parameter arguments: each a JSON text, with placeholders for the attachments.
  public func emit(_ name: String, _ arguments: [[UInt8]], namespace: String = "/", attachments: [[UInt8]] = []) {
    guard machine.isJoined(namespace) else { return }
    send(.event(name, arguments, namespace: namespace, attachments: attachments))
  }

  /// Sends a packet that is the same for many clients of a namespace; dropped when this one is not there.
  ///
  /// - Parameters:
  ///   - packet: the text of the packet, without attachments.
  ///   - frame: gives the frame of a WebSocket that carries `4` and that text.
  public func send(packet: [UInt8], frame: () -> [UInt8], namespace: String = "/") {
    if machine.isJoined(namespace) { session.send(text: packet, frame: frame) }
  }

  /// Answers an event.
  public func acknowledge(
    _ id: Int64, _ arguments: [[UInt8]], namespace: String = "/", attachments: [[UInt8]] = []
  ) {
    guard machine.isJoined(namespace) else { return }
    send(.ack(id, arguments, namespace: namespace, attachments: attachments))
  }

  /// Sends the client out of a namespace; the session stays.
  public func disconnect(_ namespace: String = "/") {
    guard let packet = machine.disconnect(namespace) else { return }
    send(packet)
    program?.left(namespace: namespace, client: self)
  }

  /// Ends the session after what waits.
  public func close() { session.close() }

  private func send(_ packet: SocketPacket) {
    session.send(text: packet.text)
    for attachment in packet.attachments { session.send(binary: attachment) }
  }

  // MARK: What comes

  private func take(_ packet: SocketPacket) {
    switch machine.received(packet) {
    case .ask(let namespace, let auth): program?.asked(namespace: namespace, auth: auth, by: self)
    case .event(let namespace, let name, let arguments, let ackID):
      program?.happened(
        SocketEvent(namespace: namespace, name: name, arguments: arguments, ackID: ackID), by: self)
    case .left(let namespace): program?.left(namespace: namespace, client: self)
    case .nothing: break
    case .broken: session.close()
    }
  }

  private func timePassed() {
    timer = nil
    if machine.timePassed(at: session.loop.now) { session.close() }
  }
}

extension SocketIOClient: EngineListener {
  /// A text came: a packet, or its beginning.
  public func received(text: [UInt8]) { take { () throws(SocketError) in try decoder.take(text: text) } }

  /// Bytes came: an attachment.
  public func received(binary bytes: [UInt8]) { take { () throws(SocketError) in try decoder.take(binary: bytes) } }

  private func take(_ decode: () throws(SocketError) -> SocketPacket?) {
    do {
      if let packet = try decode() { take(packet) }
    } catch {
      session.close()
    }
  }

  /// The client goes on by a WebSocket.
  public func upgrading(by request: Request) { program?.upgrading(by: request, client: self) }

  /// The session is over.
  public func closed(_ end: EngineEnd) {
    timer?.cancel()
    timer = nil
    let left = machine.end()
    guard let program else { return }
    self.program = nil
    for namespace in left { program.left(namespace: namespace, client: self) }
    program.ended(self)
  }
}
