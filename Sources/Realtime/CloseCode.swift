import ChatCore
import JSONText

/// Why a socket was closed; the range tells the client what to do.
///
/// - Shape: the close frame's reason is JSON: `{"code":"draining","retry_after_ms":1234}`.
/// - Source: design.md section 6, "Close codes"; RFC 6455 section 7.4.2 leaves 4000 … 4999 to applications.
public enum CloseCode: UInt16, Sendable, CaseIterable {
  /// The node is leaving.
  case draining = 4000
  /// The client did not read what was sent.
  case slowReader = 4001
  /// No pong and no frame came in time.
  case heartbeatMissed = 4002
  /// Too many resumes wait on this node.
  case resumeLimit = 4003
  /// The token has expired and no new one came.
  case tokenExpired = 4100
  /// The session cannot be taken up again.
  case notResumable = 4101
  /// Signed out or revoked.
  case signedOut = 4500
  /// The account is gone.
  case accountGone = 4501
  /// No valid token came in time.
  case notAuthenticated = 4502
  /// What came is not the protocol.
  case protocolBroken = 4503
  /// The origin is not on the list.
  case originRefused = 4504

  /// What the client is to do, which the range decides.
  public enum Advice: Sendable, CaseIterable {
    /// 40xx: come back and resume.
    case resume
    /// 41xx: come back with a new token or session.
    case startFresh
    /// 45xx: do not come back by yourself.
    case stayAway
  }

  /// What the client is to do.
  public var advice: Advice {
    switch rawValue {
    case 4000..<4100: .resume
    case 4100..<4200: .startFresh
    default: .stayAway
    }
  }

  /// The reason of a close frame, within the 123 bytes that RFC 6455 section 5.5.1 leaves it.
  public func reason(retryAfter: Milliseconds?) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("code", name)
      if let retryAfter { writer.member("retry_after_ms", retryAfter) }
    }
    return writer.finish()
  }

  /// The argument of Socket.IO's event `close`: `{"code":4000,"reason":"draining","retry_after_ms":1234}`.
  public func notice(retryAfter: Milliseconds?) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("code", Int(rawValue))
      writer.member("reason", name)
      if let retryAfter { writer.member("retry_after_ms", retryAfter) }
    }
    return writer.finish()
  }

  /// The sentence that documents it.
  var summary: String {
    switch self {
    case .draining: "The node is leaving."
    case .slowReader: "The client did not read what was sent."
    case .heartbeatMissed: "No pong and no frame came in time."
    case .resumeLimit: "Too many resumes wait on this node."
    case .tokenExpired: "The token has expired and no new one came."
    case .notResumable: "The session cannot be taken up again."
    case .signedOut: "Signed out or revoked."
    case .accountGone: "The account is gone."
    case .notAuthenticated: "No valid token came in time."
    case .protocolBroken: "What came is not the protocol."
    case .originRefused: "The origin is not on the list."
    }
  }

  /// The name in the reason.
  public var name: String {
    switch self {
    case .draining: "draining"
    case .slowReader: "slow_reader"
    case .heartbeatMissed: "heartbeat_missed"
    case .resumeLimit: "resume_limit"
    case .tokenExpired: "token_expired"
    case .notResumable: "not_resumable"
    case .signedOut: "signed_out"
    case .accountGone: "account_gone"
    case .notAuthenticated: "not_authenticated"
    case .protocolBroken: "protocol_broken"
    case .originRefused: "origin_refused"
    }
  }
}
