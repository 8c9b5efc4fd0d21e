import ChatCore

/// What one session of the native socket may do when: from the first frame to the last.
///
///     connected -> authenticating -> authenticated -> resuming -> live -> closing
///                <- token refused <-                <- resume failed <-
///
/// Pure: methods are named after what happened and say what to do. ``Session`` does it.
///
/// - Units: milliseconds of the loop's monotonic clock.
struct SessionStateMachine: ~Copyable {
  enum State: ~Copyable {
    case connected(authBy: Milliseconds)
    case authenticating(authBy: Milliseconds)
    case authenticated(Identity)
    case resuming(Identity)
    case live(Identity)
    case closing
  }

  /// Who speaks here, and until when his token lets him.
  struct Identity: Equatable {
    let caller: Caller
    let expiresAt: Milliseconds
  }

  private var state: State

  init(authBy: Milliseconds) { state = .connected(authBy: authBy) }

  /// When ``timePassed(at:)`` is to be called next.
  var deadline: Milliseconds {
    switch state {
    case .connected(let authBy), .authenticating(let authBy): authBy
    case .authenticated(let identity), .resuming(let identity), .live(let identity): identity.expiresAt
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
    switch consume state {
    case .connected(let authBy):
      state = .authenticating(authBy: authBy)
      return .verify
    case .authenticating(let authBy):
      state = .authenticating(authBy: authBy)
      return .hold
    case .authenticated(let identity):
      state = .authenticated(identity)
      return .verify
    case .resuming(let identity):
      state = .resuming(identity)
      return .verify
    case .live(let identity):
      state = .live(identity)
      return .verify
    case .closing:
      state = .closing
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
    switch consume state {
    case .connected(let authBy):
      // Only a token that is being verified can be found good.
      state = .connected(authBy: authBy)
      return .ignore
    case .authenticating:
      state = .authenticated(identity)
      return .attach
    case .authenticated(let old):
      state = .authenticated(SessionStateMachine.renewed(old, identity))
      return old.caller.user == identity.caller.user ? .renewed : .refuseOtherUser
    case .resuming(let old):
      state = .resuming(SessionStateMachine.renewed(old, identity))
      return old.caller.user == identity.caller.user ? .renewed : .refuseOtherUser
    case .live(let old):
      state = .live(SessionStateMachine.renewed(old, identity))
      return old.caller.user == identity.caller.user ? .renewed : .refuseOtherUser
    case .closing:
      state = .closing
      return .ignore
    }
  }

  private static func renewed(_ old: Identity, _ new: Identity) -> Identity {
    old.caller.user == new.caller.user ? new : old
  }

  /// A token was refused: who is not signed in may try again until the deadline, who is goes on until his expiry.
  mutating func tokenRefused() {
    switch consume state {
    case .connected(let authBy), .authenticating(let authBy): state = .connected(authBy: authBy)
    case .authenticated(let identity): state = .authenticated(identity)
    case .resuming(let identity): state = .resuming(identity)
    case .live(let identity): state = .live(identity)
    case .closing: state = .closing
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
    case .authenticated(let identity), .resuming(let identity), .live(let identity): .run(identity.caller)
    case .closing: .ignore
    }
  }

  /// The client asked to be sent what it missed, and everything from then on.
  mutating func resumeRequested() -> RequestAction {
    switch consume state {
    case .connected(let authBy):
      state = .connected(authBy: authBy)
      return .refuseUnauthenticated
    case .authenticating(let authBy):
      state = .authenticating(authBy: authBy)
      return .hold
    case .authenticated(let identity):
      state = .resuming(identity)
      return .run(identity.caller)
    case .resuming(let identity):
      state = .resuming(identity)
      return .refuseRepeated
    case .live(let identity):
      state = .live(identity)
      return .refuseRepeated
    case .closing:
      state = .closing
      return .ignore
    }
  }

  /// The resume is done, or it failed before anything was sent, and may be asked for again.
  mutating func resumeEnded(succeeded: Bool) {
    switch consume state {
    case .resuming(let identity): state = succeeded ? .live(identity) : .authenticated(identity)
    case .connected(let authBy): state = .connected(authBy: authBy)
    case .authenticating(let authBy): state = .authenticating(authBy: authBy)
    case .authenticated(let identity): state = .authenticated(identity)
    case .live(let identity): state = .live(identity)
    case .closing: state = .closing
    }
  }

  // MARK: The end

  enum TimeAction: Equatable { case close(CloseCode), nothing }
  /// The deadline may have come.
  func timePassed(at now: Milliseconds) -> TimeAction {
    guard now >= deadline else { return .nothing }
    return switch state {
    case .connected, .authenticating: .close(.notAuthenticated)
    case .authenticated, .resuming, .live: .close(.tokenExpired)
    case .closing: .nothing
    }
  }

  /// The session ends, for whatever reason; true the first time.
  mutating func end() -> Bool {
    switch consume state {
    case .closing:
      state = .closing
      return false
    case .connected, .authenticating, .authenticated, .resuming, .live:
      state = .closing
      return true
    }
  }

  /// Whether it has ended.
  var hasEnded: Bool {
    switch state {
    case .closing: true
    case .connected, .authenticating, .authenticated, .resuming, .live: false
    }
  }
}
