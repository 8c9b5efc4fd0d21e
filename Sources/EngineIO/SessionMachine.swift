/// Why a session is over.
public enum EngineEnd: String, Sendable, Equatable, CaseIterable {
  /// The client said so.
  case closedByClient = "closed_by_client"
  /// This side did.
  case closedHere = "closed_here"
  /// A ping was not answered in time.
  case pingTimeout = "ping_timeout"
  /// The WebSocket was lost, a poll was cancelled, or its answer did not reach the client.
  case transportLost = "transport_lost"
  /// What came was no packet, or none that a client sends.
  case protocolError = "protocol_error"
  /// A second poll came beside a pending one.
  case overlap
  /// More waited for the client than may.
  case overflow
}

/// One session of Engine.IO, whatever connections its packets come and go by.
///
/// It decides; a shell owns the pending poll's answer and the sockets, calls what happened and does what is said. When
/// something was sent in a tick, the shell calls ``flush()`` at its end.
///
/// - Units: milliseconds of a monotonic clock.
/// - Limits: ``EngineLimits``.
/// - Source: the Engine.IO protocol, revisions 3 and 4.
public struct SessionMachine: ~Copyable {
  enum State {
    case polling(hasPoll: Bool)
    case probing(hasPoll: Bool, confirmed: Bool, deadline: Milliseconds)
    case socket
    case closing(hasPoll: Bool, deadline: Milliseconds)
    case gone
  }

  // What is looked at for each message comes first.
  var state: State
  /// The revision that the client speaks.
  public let version: EngineVersion
  /// Its times and sizes.
  public let limits: EngineLimits
  var heartbeat: Heartbeat
  var queue = PacketQueue()
  var lastStamp: String?
  var lastBody: BodyMark?

  /// A session that begins now, by polling or by a WebSocket; its open packet is the caller's to send.
  public init(version: EngineVersion, isSocket: Bool, limits: EngineLimits, at now: Milliseconds) {
    self.version = version
    self.limits = limits
    state = isSocket ? .socket : .polling(hasPoll: false)
    heartbeat = Heartbeat(limits, version: version, at: now)
  }

  // MARK: What it is

  /// Whether it is over, or only waits for its last poll.
  public var isClosed: Bool {
    switch state {
    case .closing, .gone: true
    case .polling, .probing, .socket: false
    }
  }

  /// Whether it is over for good.
  public var isGone: Bool {
    if case .gone = state { return true }
    return false
  }

  /// Whether its packets go by a WebSocket.
  public var isOnSocket: Bool {
    if case .socket = state { return true }
    return false
  }

  /// Bytes that wait for a poll.
  public var queuedBytes: Int { queue.byteCount }

  /// When ``timePassed(at:)`` is to be called next.
  public var deadline: Milliseconds {
    switch state {
    case .polling, .socket: heartbeat.deadline
    case .probing(_, _, let deadline): min(deadline, heartbeat.deadline)
    case .closing(_, let deadline): deadline
    case .gone: .max
    }
  }

  var hasPoll: Bool {
    switch state {
    case .polling(let hasPoll), .probing(let hasPoll, _, _), .closing(let hasPoll, _): hasPoll
    case .socket, .gone: false
    }
  }

  mutating func setPoll(_ hasPoll: Bool) {
    switch state {
    case .polling: state = .polling(hasPoll: hasPoll)
    case .probing(_, let confirmed, let deadline):
      state = .probing(hasPoll: hasPoll, confirmed: confirmed, deadline: deadline)
    case .closing(_, let deadline): state = .closing(hasPoll: hasPoll, deadline: deadline)
    case .socket, .gone: break
    }
  }

  // MARK: Ending

  /// How a session ends: why, and what its pending poll is answered; the shell closes the sockets.
  public struct Ending: Sendable, Equatable {
    /// Why.
    public var reason: EngineEnd
    /// The last answer; nil without a pending poll.
    public var pollAnswer: [EnginePacket]?

    /// An ending by its parts.
    public init(reason: EngineEnd, pollAnswer: [EnginePacket]?) {
      self.reason = reason
      self.pollAnswer = pollAnswer
    }
  }

  mutating func end(_ reason: EngineEnd, poll packet: EnginePacket) -> Ending {
    let ending = Ending(reason: reason, pollAnswer: hasPoll ? [packet] : nil)
    state = .gone
    queue.removeAll()
    return ending
  }

  /// Ends a session whose time is over, whichever timer is late.
  mutating func endIfOver(at now: Milliseconds) -> Ending? {
    switch state {
    case .polling, .probing, .socket: heartbeat.isOver(at: now) ? end(.pingTimeout, poll: .close) : nil
    case .closing, .gone: nil
    }
  }

  /// What is to be done to close a session.
  public enum CloseAction: Sendable, Equatable {
    /// Close the WebSocket; it is over.
    case closeSocket
    /// Flush; what waits and the good-bye go with the next poll, the session waits for it.
    case flush
    /// It was over already.
    case nothing
  }

  /// This side ends the session, after what waits.
  public mutating func close(at now: Milliseconds) -> CloseAction {
    switch state {
    case .socket:
      state = .gone
      return .closeSocket
    case .polling(let hasPoll), .probing(let hasPoll, _, _):
      queue.append(.close)
      state = .closing(hasPoll: hasPoll, deadline: now &+ limits.closingTimeout)
      return .flush
    case .closing, .gone: return .nothing
    }
  }

  /// The session's WebSocket, or the connection of its pending poll, is lost.
  public mutating func transportLost() -> Ending? {
    if case .gone = state { return nil }
    state = .gone
    queue.removeAll()
    return Ending(reason: .transportLost, pollAnswer: nil)
  }

  // MARK: Time

  /// What is to be done when time has passed.
  public enum TimeAction: Sendable, Equatable {
    /// Nothing yet.
    case nothing
    /// A ping waits for a poll; flush.
    case flush
    /// A ping for the WebSocket.
    case write(EnginePacket)
    /// Close the WebSocket that is tried out; the session goes on by polling.
    case dropProbe
    /// The client is gone.
    case end(Ending)
  }

  /// The deadline may have come.
  public mutating func timePassed(at now: Milliseconds) -> TimeAction {
    if let ending = endIfOver(at: now) { return .end(ending) }
    switch state {
    case .gone: return .nothing
    case .closing(_, let deadline):
      return now >= deadline ? .end(end(.closedHere, poll: .close)) : .nothing
    case .probing(let hasPoll, _, let deadline) where now >= deadline:
      state = .polling(hasPoll: hasPoll)
      return .dropProbe
    case .polling, .probing, .socket: break
    }
    guard heartbeat.takePing(at: now) else { return .nothing }
    // A client that answers pings and never polls gathers them too.
    switch send(.ping([])) {
    case .write: return .write(.ping([]))
    case .flush: return .flush
    case .overflow(let ending): return .end(ending)
    case .drop: return .nothing
    }
  }
}
