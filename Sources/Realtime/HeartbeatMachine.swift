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
    self.init(.quiet(pingAt: now + every), every, grace)
  }

  /// For a transport that looks after this itself.
  static var elsewhere: HeartbeatMachine { HeartbeatMachine(.gone, 0, 0) }

  private init(_ state: consuming State, _ every: Milliseconds, _ grace: Milliseconds) {
    self.state = state
    self.every = every
    self.grace = grace
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
    let (every, grace) = (every, grace)
    switch consume self.state {
    case .quiet(let pingAt) where now >= pingAt:
      self = .init(.waiting(since: now, deadline: now + grace), every, grace)
      return .ping
    case .quiet(let pingAt):
      self = .init(.quiet(pingAt: pingAt), every, grace)
      return .nothing
    case .waiting(_, let deadline) where now >= deadline:
      self = .init(.gone, every, grace)
      return .missed
    case .waiting(let since, let deadline):
      self = .init(.waiting(since: since, deadline: deadline), every, grace)
      return .nothing
    case .gone:
      self = .init(.gone, every, grace)
      return .nothing
    }
  }

  /// A pong came, or any other frame.
  mutating func heard() {
    let (every, grace) = (every, grace)
    switch consume self.state {
    case .quiet(let pingAt): self = .init(.quiet(pingAt: pingAt), every, grace)
    case .waiting(let since, _): self = .init(.quiet(pingAt: since + every), every, grace)
    case .gone: self = .init(.gone, every, grace)
    }
  }
}
