import ChatCore

/// Says who a bearer token speaks for; Node fills it from the keys and the sign-in sessions.
public protocol Authenticator: Sendable {
  /// The caller of an access token.
  ///
  /// - Throws: `.unauthenticated(.invalidToken)` or `.unauthenticated(.sessionEnded)`.
  func caller(ofToken token: String) async throws(ChatError) -> Caller
}

/// What was done, for the log and the metrics; never a text, a token or a query.
public struct AccessRecord: Sendable {
  /// The row's name, or `unknown`.
  public let route: String
  /// The method.
  public let method: String
  /// The answer's status.
  public let status: Int
  /// The id that the client and the log share.
  public let requestID: String
  /// The trace that the request belongs to, if its `traceparent` says so.
  public let traceID: String?
  /// The caller's id, if he was known.
  public let user: Int64?
  /// How long it took.
  public let milliseconds: Milliseconds
  /// The problem's code, if it was refused.
  public let code: String?
  /// What an internal error was about; for the log only.
  public let fault: String?
}
