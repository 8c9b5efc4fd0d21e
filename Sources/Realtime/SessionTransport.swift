import ChatCore
import Delivery

/// What is under a session, as far as the session needs it; Node fills it with a WebSocket or a client of Socket.IO.
///
/// - Isolation: the session's loop. Nothing here waits, fails, or calls back before it returns; once closed, calls do
///   nothing.
public protocol SessionTransport: AnyObject {
  /// Puts a frame of the session's wire into the send queue; what gathers in a tick leaves in one `send`.
  func send(_ frame: EncodedFrame)
  /// Sends a ping; never asked of a wire that looks after its heartbeat itself.
  func ping()
  /// Sends what waits, then why, and ends; ``SocketSession/transportClosed()`` follows, once.
  func close(_ code: CloseCode, retryAfter: Milliseconds?)
  /// Bytes that wait and that the kernel has not taken.
  var queuedBytes: Int { get }
  /// Where its frames may go without it, from now on and for good; nil while it has a say in each.
  var line: (any FrameLine)? { get }
  /// Takes no more frames from the client for now.
  func pauseReading()
  /// Takes frames again.
  func resumeReading()
}

/// Says who a token speaks for and until when; Node fills it from the keys and the sign-in sessions.
public protocol TokenVerifier: Sendable {
  /// The caller of an access token and the moment of its expiry.
  ///
  /// - Throws: `.unauthenticated(.invalidToken)` or `.unauthenticated(.sessionEnded)`; `.unavailable` when it cannot be
  ///   said.
  func verify(_ token: String) async throws(ChatError) -> VerifiedToken
}

/// What a token says once it is believed.
public struct VerifiedToken: Sendable, Hashable {
  /// Who.
  public let caller: Caller
  /// Until when.
  public let expiresAt: Timestamp

  /// Collects it.
  public init(caller: Caller, expiresAt: Timestamp) {
    self.caller = caller
    self.expiresAt = expiresAt
  }
}

/// Counts requests by class and user, over all doors and nodes; Node fills it with the same buckets as REST has.
public protocol OperationGate: Sendable {
  /// When to come back; nil if the request may go on.
  func retryAfter(_ rate: Operation.Rate, _ caller: Caller) async -> Milliseconds?
  /// The same by a call of `told`, once, be it before this returns.
  ///
  /// - Returns: false when that cannot be said without a task; then nothing was counted, and nobody is called.
  func ask(_ rate: Operation.Rate, _ caller: Caller, told: @escaping @Sendable (Milliseconds?) -> Void) -> Bool
}

extension OperationGate {
  /// Cannot, unless a gate knows better.
  public func ask(
    _ rate: Operation.Rate, _ caller: Caller, told: @escaping @Sendable (Milliseconds?) -> Void
  ) -> Bool { false }
}

/// Lets everything pass.
public struct OpenGate: OperationGate {
  /// Needs nothing.
  public init() {}

  /// Never.
  public func retryAfter(_ rate: Operation.Rate, _ caller: Caller) async -> Milliseconds? { nil }

  /// Never, and at once.
  public func ask(
    _ rate: Operation.Rate, _ caller: Caller, told: @escaping @Sendable (Milliseconds?) -> Void
  ) -> Bool {
    told(nil)
    return true
  }
}
