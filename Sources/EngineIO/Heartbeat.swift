/// Whether the client is still there.
///
/// In revision 4 the server pings and waits for the pong; in revision 3 the client pings, and only its silence is
/// measured. Spans count from the moments at which pings were due, so that a late timer makes no session live longer.
struct Heartbeat {
  private enum State {
    case quiet(pingAt: Milliseconds)
    case waiting(deadline: Milliseconds)
    case listening(deadline: Milliseconds)
  }

  private var state: State
  private let limits: EngineLimits

  init(_ limits: EngineLimits, version: EngineVersion, at now: Milliseconds) {
    self.limits = limits
    switch version {
    case .v4: state = .quiet(pingAt: now &+ limits.pingInterval)
    case .v3: state = .listening(deadline: now &+ limits.pingInterval &+ limits.pingTimeout)
    }
  }

  var deadline: Milliseconds {
    switch state {
    case .quiet(let pingAt): pingAt
    case .waiting(let deadline), .listening(let deadline): deadline
    }
  }

  /// Whether the client has been silent for too long, whatever the timers have said.
  func isOver(at now: Milliseconds) -> Bool {
    switch state {
    case .quiet: false
    case .waiting(let deadline), .listening(let deadline): now >= deadline
    }
  }

  /// Whether a ping is due; then it counts as sent.
  mutating func takePing(at now: Milliseconds) -> Bool {
    guard case .quiet(let pingAt) = state, now >= pingAt else { return false }
    // When we are late ourselves by more than the whole time, the client still gets it.
    let planned = pingAt &+ limits.pingTimeout
    state = .waiting(deadline: planned > now ? planned : now &+ limits.pingTimeout)
    return true
  }

  mutating func pong(at now: Milliseconds) {
    if case .waiting = state { state = .quiet(pingAt: now &+ limits.pingInterval) }
  }

  /// Any packet came; in revision 3 that is a sign of life.
  mutating func heard(at now: Milliseconds) {
    if case .listening = state { state = .listening(deadline: now &+ limits.pingInterval &+ limits.pingTimeout) }
  }
}
