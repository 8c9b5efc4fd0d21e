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
  private let interval: Milliseconds
  private let timeout: Milliseconds

  init(_ limits: EngineLimits, version: EngineVersion, at now: Milliseconds) {
    interval = limits.pingInterval
    timeout = limits.pingTimeout
    switch version {
    case .v4: state = .quiet(pingAt: now &+ interval)
    case .v3: state = .listening(deadline: now &+ interval &+ timeout)
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
    let planned = pingAt &+ timeout
    state = .waiting(deadline: planned > now ? planned : now &+ timeout)
    return true
  }

  mutating func pong(at now: Milliseconds) {
    if case .waiting = state { state = .quiet(pingAt: now &+ interval) }
  }

  /// Any packet came; in revision 3 that is a sign of life.
  mutating func heard(at now: Milliseconds) {
    if case .listening = state { state = .listening(deadline: now &+ interval &+ timeout) }
  }
}
