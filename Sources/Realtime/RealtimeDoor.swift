import ChatCore
import Delivery

/// The native door of one loop, for its WebSocket and for Socket.IO: begins sessions, knows those that are open, and
/// shows them out when the node leaves.
///
/// - Isolation: one loop.
public final class RealtimeDoor: @unchecked Sendable {
  let hub: Hub
  let chat: Chat
  let desk: SendDesk
  let verifier: any TokenVerifier
  let gate: any OperationGate
  let ports: any LoopPorts
  /// What bounds its sessions.
  public let limits: RealtimeLimits
  let shelf: RecoveryShelf?
  let tracer: (any Tracer)?
  let hello: Hello
  private let operations: [String: Operation]
  private let record: @Sendable (OperationRecord) -> Void
  private let left: @Sendable (SessionEnd) -> Void
  private var sessions: ContiguousArray<SocketSession> = []
  private var counts = RealtimeCounts()
  /// How often the same has been answered since something else was; not in ``counts`` yet.
  private var run = (operation: "", outcome: "", count: 0)
  private var isDraining = false

  /// Takes what sessions need; without a shelf nothing is kept for those who come back, without a tracer nothing is
  /// traced.
  public init(
    hub: Hub, chat: Chat, verifier: any TokenVerifier, gate: any OperationGate = OpenGate(), ports: any LoopPorts,
    limits: RealtimeLimits = RealtimeLimits(), shelf: RecoveryShelf? = nil, tracer: (any Tracer)? = nil,
    record: @escaping @Sendable (OperationRecord) -> Void = { _ in },
    left: @escaping @Sendable (SessionEnd) -> Void = { _ in }
  ) {
    self.hub = hub
    self.chat = chat
    desk = SendDesk(chat) { ports.spawn($0) }
    self.verifier = verifier
    self.gate = gate
    self.ports = ports
    self.limits = limits
    self.shelf = shelf
    self.tracer = tracer
    self.record = record
    self.left = left
    hello = Hello(limits, chat.limits, hub.limits)
    operations = Dictionary(
      Operations.rows(chat.limits, limits).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Begins a session on a WebSocket that was just accepted, and greets it.
  ///
  /// - Parameters:
  ///   - token: of the Authorization header, if there was one; it spares the client the `auth` operation.
  ///   - trace: what the request said that opened the socket; its operations are parts of that trace.
  public func open(
    _ transport: any SessionTransport, token: String? = nil, trace: TraceParent? = nil
  ) -> SocketSession {
    let session = begin(transport, .native, trace)
    session.begin(token: token)
    if isDraining { session.drain(retryAfter: retryAfter()) }
    return session
  }

  /// Begins a session for a client of Socket.IO who asks to come in; `entered` is told once whether he may, unless the
  /// transport is closed before.
  public func open(
    _ transport: any SessionTransport, ticket: Ticket, trace: TraceParent? = nil,
    entered: @escaping @Sendable (Entrance) -> Void
  ) -> SocketSession {
    let session = begin(transport, .socketIO(recovers: ticket.wantsRecovery && shelf != nil), trace)
    session.enter(ticket, entered)
    if isDraining { session.drain(retryAfter: retryAfter()) }
    return session
  }

  private func begin(
    _ transport: any SessionTransport, _ wire: SessionWire, _ trace: TraceParent?
  ) -> SocketSession {
    let session = SocketSession(
      door: self, transport: transport, wire: wire, id: newName(), place: sessions.count, trace: trace)
    sessions.append(session)
    counts.opened += 1
    return session
  }

  /// Tells all sessions to go, each after a delay of its own within `spread`, so that they do not arrive elsewhere at
  /// once.
  public func drain(over spread: Milliseconds) {
    isDraining = true
    for session in sessions {
      ports.schedule(after: ports.ownMoment(within: spread)) { [weak self, weak session] in
        guard let self else { return }
        session?.drain(retryAfter: retryAfter())
      }
    }
  }

  /// What has been done so far, and what is open now.
  public var report: RealtimeCounts {
    endRun()
    var now = counts
    now.open = sessions.count
    return now
  }

  func operation(_ name: String) -> Operation? { operations[name] }

  func answered(_ done: OperationRecord) {
    if done.operation != run.operation || done.outcome != run.outcome {
      endRun()
      run = (done.operation, done.outcome, 0)
    }
    run.count += 1
    record(done)
  }

  private func endRun() {
    guard run.count > 0 else { return }
    counts.requests[run.operation, default: [:]][run.outcome, default: 0] += run.count
    run.count = 0
  }

  func closed(_ session: SocketSession, _ code: CloseCode?) {
    if let code { counts.closed[code, default: 0] += 1 }
    left(SessionEnd(session: session.id, user: session.user?.rawValue, code: code))
    let last = sessions.removeLast()
    guard last !== session else { return }
    sessions[session.place] = last
    last.moved(to: session.place)
  }

  private func retryAfter() -> Milliseconds {
    100 + ports.ownMoment(within: limits.drainRetryMost - 100)
  }

  private func newName() -> SessionName {
    SessionName { UInt32(truncatingIfNeeded: ports.random(below: 1 << 32)) }
  }
}

/// A session that is over, for the log.
public struct SessionEnd: Sendable {
  /// The socket session's id.
  public let session: SessionName
  /// The caller's id, if he was known.
  public let user: Int64?
  /// Why it was closed here; nil when the client has gone.
  public let code: CloseCode?
}

/// One request that was answered, for the log and the metrics; never a text or a token.
public struct OperationRecord: Sendable {
  /// The row's name, or `unknown`.
  public let operation: String
  /// `ok`, or the problem's code.
  public let outcome: String
  /// The socket session's id.
  public let session: SessionName
  /// The trace that it belongs to: its own, or that of the request that opened the socket.
  public let traceID: String?
  /// The caller's id, if he was known.
  public let user: Int64?
  /// What an internal error was about; for the log only.
  public let fault: String?
}
