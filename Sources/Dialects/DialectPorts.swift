import ChatCore
import Delivery
import JSONText

/// Says who a token speaks for; Node fills it.
public protocol CredentialCheck: Sendable {
  /// The caller of an access token.
  ///
  /// - Throws: `.unauthenticated(.invalidToken)` or `.unauthenticated(.sessionEnded)`.
  func caller(ofToken token: String) async throws(ChatError) -> Caller
}

/// Counts rows in the buckets that our own wires count in; Node fills it.
public protocol DialectGate: Sendable {
  /// When a row may be asked again; nil if it may go on.
  func retryAfter(_ rate: Rate, _ caller: Caller?, address: String) async -> Milliseconds?
  /// Counts a page of a list besides the first, by its number among those, as a read; when there are as many reads
  /// again as a list costs at most, nil if it may go on.
  func retryAfter(furtherPage number: Int, _ caller: Caller?, address: String) async -> Milliseconds?
  /// Runs one try at signing in, of which only a failure counts.
  func signIn(
    _ username: String, address: String, _ body: @Sendable () async throws(ChatError) -> SignedIn
  ) async throws(ChatError) -> SignedIn
}

extension DialectGate {
  /// As any read.
  public func retryAfter(furtherPage number: Int, _ caller: Caller?, address: String) async -> Milliseconds? {
    await retryAfter(.read, caller, address: address)
  }
}

/// What carries a dialect's session; Node makes one of a Socket.IO client or a WebSocket.
///
/// - Isolation: the session's loop.
public protocol DialectTransport: AnyObject {
  /// Lets the client in: Socket.IO's `40`, with the secret by which it may come back; nothing on a plain WebSocket.
  func accept(pid: String?)
  /// Sends it away for good: Socket.IO's `44`, then the end.
  func refuse()
  /// It is known who the client is: it counts no longer among those of its address of whom that is not.
  func settle()
  /// Sends a text that was made for this client.
  func send(_ text: [UInt8])
  /// Sends a text that was made for many.
  func send(_ frame: EncodedFrame)
  /// Answers an event that asked for it, with nothing.
  func acknowledge(_ id: Int64)
  /// Asks whether the client lives, where the carrier does not do so by itself.
  func ping()
  /// Ends it; the client may come back.
  func close()
  /// Hands nothing over until ``resumeReading()``: the client is slowed down, or what it says waits.
  func pauseReading()
  /// Hands over what has waited, after this call.
  func resumeReading()
  /// Bytes that wait for the client.
  var queuedBytes: Int { get }
}

/// What was done for a request of a dialect, for the log and the metrics; never a text, a token or a query.
public struct DialectRecord: Sendable {
  /// The ``method`` of what a socket has sent.
  public static let event = "EVENT"

  /// The dialect's name and the row's label, or `unknown`.
  public let route: String
  /// The method, or `EVENT`.
  public let method: String
  /// The trace that it belongs to: its own, or that of the request that opened the socket.
  public let traceID: String?
  /// The answer's status; 200 for an action that was not refused.
  public let status: Int
  /// The caller's id, if he was known.
  public let user: Int64?
  /// How long it took.
  public let milliseconds: Milliseconds
  /// What an internal error was about; for the log only.
  public let fault: String?
}
