import ChatCore
import Delivery
import EntryText
import JSONText

/// One client's session, by the native socket or by Socket.IO: asks the machines what to do, and does it.
///
/// - Isolation: one loop. The transport calls it with what arrives; tasks of requests run on the same loop.
public final class SocketSession: SessionPort, @unchecked Sendable {
  /// As told to the client; names the session in logs.
  public internal(set) var id: SessionName
  private let opening: OpeningTrace?
  /// What the request said that opened the socket.
  var trace: TraceParent? { opening?.trace }
  let door: RealtimeDoor
  private(set) var transport: (any SessionTransport)?
  var machine: SessionStateMachine
  // What is smaller than a word stands behind what is not: thousands of sessions are idle, each pays for the gaps.
  /// The ids of requests under way: none for most of the time.
  // Nothing that is done to them calls back; each request is looked for thrice.
  @exclusivity(unchecked) var inFlight = RequestIDs()
  let wire: SessionWire
  var pauses: Pauses = []
  private var heartbeat: HeartbeatMachine
  var user: UserID?
  var seat: HubSession?
  var held: [Request] = []
  private var timer: (any Cancellable)?
  private var timerAt: Milliseconds = .max
  var drainRetryAfter: Milliseconds?
  /// How he may take the session up again; nil unless he may.
  var recovery: Recovery?
  /// Requests that want no answer, as a number to name them by.
  var unheard = 0
  /// Its place in the door's list.
  private(set) var place: Int

  /// Why its transport takes no more frames for now.
  struct Pauses: OptionSet {
    let rawValue: UInt8
    /// As many requests are under way as may be.
    static let full = Pauses(rawValue: 1)
    /// It has just been refused for its rate.
    static let tooFast = Pauses(rawValue: 2)
  }

  /// A request whose shape is right.
  struct Request: Sendable {
    let id: String
    let operation: Operation
    let asked: Members
  }

  init(
    door: RealtimeDoor, transport: any SessionTransport, wire: SessionWire, id: SessionName, place: Int,
    trace: TraceParent?
  ) {
    self.door = door
    self.transport = transport
    self.wire = wire
    opening = OpeningTrace(trace)
    self.id = id
    self.place = place
    let now = door.ports.now
    machine = SessionStateMachine(authBy: now + door.limits.authWithin)
    heartbeat =
      wire.hasHeartbeat
      ? HeartbeatMachine(at: now, every: door.limits.heartbeatEvery, grace: door.limits.heartbeatGrace) : .elsewhere
  }

  /// Whether it is over.
  public var hasEnded: Bool { machine.hasEnded }

  func moved(to place: Int) { self.place = place }

  func begin(token: String?) {
    transport?.send(door.hello.frame(for: id))
    arm()
    if let token, machine.authRequested() == .verify { verify(token, for: .header) }
  }

  // MARK: What the transport says

  /// A text message came.
  public func received(text: Span<UInt8>) {
    guard !machine.hasEnded else { return }
    heartbeat.heard()
    switch ClientFrame.read(text, limits: door.limits, rows: door.operation) {
    case .broken: close(.protocolBroken)
    case .refused(let id, let problem):
      record("unknown", problem.code)
      send(wire.refusal(of: id, problem))
    case .request(let frame): take(frame)
    }
  }

  /// A binary message came, which this protocol does not have.
  public func receivedBinary() { close(.protocolBroken) }

  /// A pong came.
  public func receivedPong() { heartbeat.heard() }

  /// The transport is gone, by whoever's doing.
  public func transportClosed() {
    transport = nil
    if machine.end() { ended(nil) }
  }

  /// The client has left by its own wish: it is not waited for.
  public func clientLeft() {
    recovery = nil
    transportClosed()
  }

  // MARK: What the hub says

  /// Bytes that wait for the client.
  public var queuedBytes: Int { transport?.queuedBytes ?? 0 }

  /// Puts an event into the send queue.
  public func deliver(_ frame: EncodedFrame) -> Int {
    guard let transport else { return 0 }
    if let place = frame.place { recovery?.trail.sent(place) }
    transport.send(frame)
    // Who may come back needs each place written down.
    if recovery == nil, let seat, seat.line == nil { seat.line = transport.line }
    return transport.queuedBytes
  }

  /// The hub has let go of the session.
  public func end(_ reason: EndReason) {
    switch reason {
    case .slowReader: close(.slowReader)
    case .signedOut: close(.signedOut)
    case .accountGone: close(.accountGone)
    }
  }

  /// A conversation goes on that was not there at the resume.
  public func available(_ conversation: ConversationID, head: Int64, isBehind: Bool) {
    send(wire.available(conversation, head: head, isBehind: isBehind))
  }

  // MARK: What time says

  func arm() {
    let at = min(machine.deadline, heartbeat.deadline)
    guard at < timerAt || timer == nil, at < .max else { return }
    timer?.cancel()
    timerAt = at
    // Held until ``ended(_:)`` takes it back: a weak reference would cost each session 80 bytes more.
    timer = door.ports.schedule(after: at - door.ports.now) { [self] in timePassed() }
  }

  private func timePassed() {
    timer = nil
    timerAt = .max
    let now = door.ports.now
    if case .close(let code) = machine.timePassed(at: now) { return close(code) }
    switch heartbeat.timePassed(at: now) {
    case .ping: transport?.ping()
    case .missed: return close(.heartbeatMissed)
    case .nothing: break
    }
    arm()
  }

  // MARK: The end

  /// The node leaves: requests under way are answered, new ones refused, then the client is told to come back
  /// elsewhere.
  func drain(retryAfter: Milliseconds) {
    guard drainRetryAfter == nil, !machine.hasEnded else { return }
    guard !inFlight.isEmpty else { return close(.draining, retryAfter: retryAfter) }
    drainRetryAfter = retryAfter
    door.ports.schedule(after: door.limits.drainGrace) { [weak self] in
      self?.close(.draining, retryAfter: retryAfter)
    }
  }

  /// Tells the client why, and ends.
  func close(_ code: CloseCode, retryAfter: Milliseconds? = nil) {
    guard machine.end() else { return }
    transport?.close(code, retryAfter: retryAfter)
    ended(code)
  }

  func ended(_ code: CloseCode?) {
    timer?.cancel()
    timer = nil
    held = []
    if code == nil || code?.advice == .resume { shelve() }
    if let seat { door.hub.detach(seat) }
    // The seat and the transport each hold the session.
    seat = nil
    transport = nil
    door.closed(self, code)
  }
}
