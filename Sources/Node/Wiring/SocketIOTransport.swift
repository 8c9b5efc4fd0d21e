import ChatCore
import Delivery
import EngineServing
import EntryText
import IORuntime
import JSONText
import Realtime
import SocketIO
import WebSocket

/// A client of Socket.IO as the transport of a native session, and the session as its program.
///
/// - Isolation: the client's loop.
/// - Limits: ``refusalsMax``, ``EventBacklog/bytesMax``.
final class SocketIOTransport: PausableProgram, SessionTransport, @unchecked Sendable {
  static let path = "/socket.io/"
  /// The only namespace, as in the reference server's default.
  private static let namespace = "/"
  /// CONNECTs of one client that may be refused before its connection is closed: 3, since a token costs a signature.
  static let refusalsMax = 3

  /// How long a client that was sent out may stay connected: 5 s, in which it closes by itself.
  static let outsideMax: Milliseconds = 5_000

  private let door: RealtimeDoor
  private let opening: OpeningTrace?
  private(set) var client: SocketIOClient?
  private(set) var session: SocketSession?
  var backlog = EventBacklog()
  private var refusals: UInt8 = 0

  init(door: RealtimeDoor, trace: TraceParent? = nil) {
    self.door = door
    opening = OpeningTrace(trace)
  }

  // MARK: What the client says

  func asked(namespace: String, auth: [UInt8], by client: SocketIOClient) {
    guard namespace == SocketIOTransport.namespace else {
      return client.refuse(namespace, message: "Invalid namespace")
    }
    self.client = client
    forget()
    switch Ticket.read(auth: auth, limits: door.limits) {
    case .failure(let refusal): refuse(refusal.problem)
    case .success(let ticket):
      let opened = door.open(self, ticket: ticket, trace: opening?.trace) { [self] in entered($0) }
      // A node that leaves may have closed it by now.
      session = opened.hasEnded ? nil : opened
    }
  }

  private func entered(_ entrance: Entrance) {
    switch entrance {
    case .admitted(let sid, let pid, _):
      refusals = 0
      client?.accept(SocketIOTransport.namespace, sid: sid, pid: pid)
    case .refused(let problem): refuse(problem)
    }
  }

  private func refuse(_ problem: Problem) {
    var writer = JSONWriter()
    writer.object { writer in
      writer.key("problem")
      problem.write(requestID: nil, to: &writer)
    }
    client?.refuse(SocketIOTransport.namespace, message: problem.detail, data: writer.finish())
    session = nil
    refusals &+= 1
    if refusals < SocketIOTransport.refusalsMax { goesSoon() } else { client?.close() }
  }

  func turnDown(_ event: SocketEvent, of client: SocketIOClient) {
    session?.turnDown(event: event.name, ack: event.ackID)
  }

  func hand(over event: SocketEvent) {
    session?.received(
      event: event.name, event.arguments.texts(atMost: 2), hasAttachments: !event.arguments.attachments.isEmpty,
      ack: event.ackID)
  }

  /// What waits was said to a session that is over.
  private func forget() { backlog = EventBacklog() }

  func left(namespace: String, client: SocketIOClient) {
    guard client.session.isOpen else { return }
    let left = session
    session = nil
    forget()
    left?.clientLeft()
    goesSoon()
  }

  func ended(_ client: SocketIOClient) {
    session?.transportClosed()
    session = nil
    self.client = nil
    forget()
  }

  // MARK: What the session asks

  func send(_ frame: EncodedFrame) {
    client?.send(packet: frame.bytes) { frame.framed { FrameWriter.frame(.text, [UInt8(ascii: "4")] + $0) } }
  }

  /// The client's WebSocket, when it has one of this loop.
  var line: (any FrameLine)? { client?.socket(in: SocketIOTransport.namespace) }

  /// Engine.IO does that.
  func ping() {}

  /// 40xx closes the transport, after which clients come back by themselves; else they are sent out of the namespace,
  /// after which they do not.
  func close(_ code: Realtime.CloseCode, retryAfter: Milliseconds?) {
    guard let client else { return }
    session = nil
    forget()
    if code == .slowReader { client.session.dropQueue() }
    client.emit("close", [code.notice(retryAfter: retryAfter)])
    guard code.advice != .resume, client.isJoined(SocketIOTransport.namespace) else { return client.close() }
    client.disconnect(SocketIOTransport.namespace)
    goesSoon()
  }

  /// Clients that are outside close the connection themselves, or come in again with another token.
  private func goesSoon() {
    client?.session.loop.schedule(after: SocketIOTransport.outsideMax) { [weak self] in
      if let self, session == nil { client?.close() }
    }
  }

  var queuedBytes: Int { client?.session.queuedBytes ?? 0 }
}
