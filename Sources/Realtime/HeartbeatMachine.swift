import ChatCore

/// Whether the other end is still there: a ping now and then, and something heard after it.
///
/// - Units: milliseconds of the loop's monotonic clock.
struct HeartbeatMachine: ~Copyable {
  enum State: ~Copyable {
    case quiet(pingAt: Milliseconds)
    case waiting(since: Milliseconds, deadline: Milliseconds)
    case gone
  }

  private var state: State
  private let every: Milliseconds
  private let grace: Milliseconds

  init(at now: Milliseconds, every: Milliseconds, grace: Milliseconds) {
    self.every = every
    self.grace = grace
    state = .quiet(pingAt: now + every)
  }

  /// When ``timePassed(at:)`` is to be called next.
  var deadline: Milliseconds {
    switch state {
    case .quiet(let pingAt): pingAt
    case .waiting(_, let deadline): deadline
    case .gone: .max
    }
  }

  enum TimeAction: Equatable { case ping, missed, nothing }
  /// The deadline may have come.
  mutating func timePassed(at now: Milliseconds) -> TimeAction {
    switch consume state {
    case .quiet(let pingAt) where now >= pingAt:
      state = .waiting(since: now, deadline: now + grace)
      return .ping
    case .quiet(let pingAt):
      state = .quiet(pingAt: pingAt)
      return .nothing
    case .waiting(_, let deadline) where now >= deadline:
      state = .gone
      return .missed
    case .waiting(let since, let deadline):
      state = .waiting(since: since, deadline: deadline)
      return .nothing
    case .gone:
      state = .gone
      return .nothing
    }
  }

  /// A pong came, or any other frame.
  mutating func heard() {
    switch consume state {
    case .quiet(let pingAt): state = .quiet(pingAt: pingAt)
    case .waiting(let since, _): state = .quiet(pingAt: since + every)
    case .gone: state = .gone
    }
  }
}
