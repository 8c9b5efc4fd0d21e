import ChatCore

/// What one session of the native socket may do when: from the first frame to the last.
///
///     connected -> authenticating -> authenticated -> resuming -> live -> closing
///               <- token refused               <- resume failed
///
/// Pure: methods are named after what happened and say what to do. ``SocketSession`` does it.
///
/// - Units: milliseconds of the loop's monotonic clock.
struct SessionStateMachine: ~Copyable {
  enum State: ~Copyable {
    case connected(Stranger)
    case authenticating(Stranger)
    case authenticated(Identity)
    case resuming(Identity)
    case live(Identity)
    case closing
  }

  /// Somebody who has yet to say who he is, and how often he has failed to.
  struct Stranger: Equatable {
    let authBy: Milliseconds
    var refusals = 0
    /// The last token could not be looked at, which was our fault: his time may run out, but he is to come back.
    var wasFailed = false
  }

  /// Who speaks here, and until when his token lets him.
  struct Identity: Equatable {
    let caller: Caller
    let expiresAt: Milliseconds
  }

  private var state: State

  /// Tokens of one session that may be refused before it is closed: verifying costs a signature.
  static let refusalsMax = 3

  init(authBy: Milliseconds) { state = .connected(Stranger(authBy: authBy)) }

  private init(_ state: consuming State) { self.state = state }

  /// When ``timePassed(at:)`` is to be called next.
  var deadline: Milliseconds {
    switch state {
    case .connected(let stranger): stranger.authBy
    case .authenticating(let stranger): stranger.authBy
    case .authenticated(let identity): identity.expiresAt
    case .resuming(let identity): identity.expiresAt
    case .live(let identity): identity.expiresAt
    case .closing: .max
    }
  }

  // MARK: Tokens

  enum AuthAction: Equatable {
    /// Verify the token.
    case verify
    /// Another token is being verified; keep the frame until that is known.
    case hold
    case ignore
  }
  /// The client brought a token: in its first frame, or a new one before the old expires.
  mutating func authRequested() -> AuthAction {
    switch consume self.state {
    case .connected(let stranger):
      self = .init(.authenticating(stranger))
      return .verify
    case .authenticating(let stranger):
      self = .init(.authenticating(stranger))
      return .hold
    case .authenticated(let identity):
      self = .init(.authenticated(identity))
      return .verify
    case .resuming(let identity):
      self = .init(.resuming(identity))
      return .verify
    case .live(let identity):
      self = .init(.live(identity))
      return .verify
    case .closing:
      self = .init(.closing)
      return .ignore
    }
  }

  enum VerifiedAction: Equatable {
    /// The session now speaks for the caller.
    case attach
    /// It goes on until the new expiry.
    case renewed
    /// It speaks for somebody else already.
    case refuseOtherUser
    case ignore
  }
  /// A token was found good.
  mutating func tokenVerified(_ identity: Identity) -> VerifiedAction {
    switch consume self.state {
    case .connected(let stranger):
      // Only a token that is being verified can be found good.
      self = .init(.connected(stranger))
      return .ignore
    case .authenticating:
      self = .init(.authenticated(identity))
      return .attach
    case .authenticated(let old):
      self = .init(.authenticated(SessionStateMachine.renewed(old, identity)))
      return old.caller.user == identity.caller.user ? .renewed : .refuseOtherUser
    case .resuming(let old):
      self = .init(.resuming(SessionStateMachine.renewed(old, identity)))
      return old.caller.user == identity.caller.user ? .renewed : .refuseOtherUser
    case .live(let old):
      self = .init(.live(SessionStateMachine.renewed(old, identity)))
      return old.caller.user == identity.caller.user ? .renewed : .refuseOtherUser
    case .closing:
      self = .init(.closing)
      return .ignore
    }
  }

  private static func renewed(_ old: Identity, _ new: Identity) -> Identity {
    old.caller.user == new.caller.user ? new : old
  }

  enum RefusedAction: Equatable { case stay, close(CloseCode), ignore }
  /// A token was refused: who is not signed in may try again a few times, who is goes on until his expiry. With
  /// `byFailure` it was not looked at, because something of ours is away; that is not held against him.
  mutating func tokenRefused(byFailure: Bool = false) -> RefusedAction {
    switch consume self.state {
    case .authenticating(var stranger):
      stranger.refusals += byFailure ? 0 : 1
      stranger.wasFailed = byFailure
      let isOver = stranger.refusals >= SessionStateMachine.refusalsMax
      self = .init(.connected(stranger))
      return isOver ? .close(.notAuthenticated) : .stay
    case .connected(let stranger):
      self = .init(.connected(stranger))
      return .ignore
    case .authenticated(let identity):
      self = .init(.authenticated(identity))
      return .stay
    case .resuming(let identity):
      self = .init(.resuming(identity))
      return .stay
    case .live(let identity):
      self = .init(.live(identity))
      return .stay
    case .closing:
      self = .init(.closing)
      return .ignore
    }
  }

  // MARK: Requests

  enum RequestAction: Equatable {
    case run(Caller)
    /// Keep it until the token is known to be good or not.
    case hold
    case refuseUnauthenticated
    /// Of resume: it was asked for before.
    case refuseRepeated
    case ignore
  }
  /// The client asked for something that a caller may do.
  func commandRequested() -> RequestAction {
    switch state {
    case .connected: .refuseUnauthenticated
    case .authenticating: .hold
    case .authenticated(let identity): .run(identity.caller)
    case .resuming(let identity): .run(identity.caller)
    case .live(let identity): .run(identity.caller)
    case .closing: .ignore
    }
  }

  /// The client asked to be sent what it missed, and everything from then on.
  mutating func resumeRequested() -> RequestAction {
    switch consume self.state {
    case .connected(let stranger):
      self = .init(.connected(stranger))
      return .refuseUnauthenticated
    case .authenticating(let stranger):
      self = .init(.authenticating(stranger))
      return .hold
    case .authenticated(let identity):
      self = .init(.resuming(identity))
      return .run(identity.caller)
    case .resuming(let identity):
      self = .init(.resuming(identity))
      return .refuseRepeated
    case .live(let identity):
      self = .init(.live(identity))
      return .refuseRepeated
    case .closing:
      self = .init(.closing)
      return .ignore
    }
  }

  /// The resume is done, or it failed before anything was sent, and may be asked for again.
  mutating func resumeEnded(succeeded: Bool) {
    switch consume self.state {
    case .resuming(let identity): self = .init(succeeded ? .live(identity) : .authenticated(identity))
    case .connected(let stranger): self = .init(.connected(stranger))
    case .authenticating(let stranger): self = .init(.authenticating(stranger))
    case .authenticated(let identity): self = .init(.authenticated(identity))
    case .live(let identity): self = .init(.live(identity))
    case .closing: self = .init(.closing)
    }
  }

  // MARK: The end

  enum TimeAction: Equatable { case close(CloseCode), nothing }
  /// The deadline may have come.
  func timePassed(at now: Milliseconds) -> TimeAction {
    guard now >= deadline else { return .nothing }
    return switch state {
    case .connected(let stranger): .close(stranger.wasFailed ? .resumeLimit : .notAuthenticated)
    case .authenticating(let stranger): .close(stranger.wasFailed ? .resumeLimit : .notAuthenticated)
    case .authenticated: .close(.tokenExpired)
    case .resuming: .close(.tokenExpired)
    case .live: .close(.tokenExpired)
    case .closing: .nothing
    }
  }

  /// The session ends, for whatever reason; true the first time.
  mutating func end() -> Bool {
    let isFirst = !hasEnded
    self = .init(.closing)
    return isFirst
  }

  /// Whether it has ended.
  var hasEnded: Bool {
    switch state {
    case .closing: true
    case .connected: false
    case .authenticating: false
    case .authenticated: false
    case .resuming: false
    case .live: false
    }
  }
}
