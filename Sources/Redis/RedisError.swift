/// Why a command has no reply to give.
public enum RedisError: Error, Hashable, Sendable {
  /// There is no connection just now; nothing was sent.
  case unavailable
  /// No connection could be made; the words are the system's.
  case unreachable(String)
  /// Too much is waiting on the connection already; nothing was sent.
  case busy
  /// The connection ended before the reply came; the command may have run.
  case connectionLost
  /// No reply within the deadline, so the connection was closed; the command may have run.
  case timedOut
  /// Redis refused the command, in its own words: `NOSCRIPT No matching script`.
  case refused(String)
  /// What came is not RESP2, is larger than the limits allow, or answers nothing that was asked.
  case broken(String)

  /// The first word of a refusal, `NOSCRIPT`; nil for everything else.
  public var code: String? {
    guard case .refused(let text) = self else { return nil }
    return text.split(separator: " ", maxSplits: 1).first.map(String.init)
  }
}

extension RedisError: CustomStringConvertible {
  /// A few words for a log: without the arguments of a command that the server does not know, which may be a password
  /// or a text.
  public var description: String {
    switch self {
    case .unavailable: "no connection"
    case .unreachable(let words): words
    case .busy: "too much is waiting on the connection"
    case .connectionLost: "closed by the other end"
    case .timedOut: "no answer in time"
    case .refused(let words): "refused: \(RedisError.tellable(words))"
    case .broken(let what): "not understood: \(what)"
    }
  }
  /// Characters of a refusal in a log.
  static let tellableMax = 200

  static func tellable(_ refusal: String) -> String {
    let words = refusal.firstRange(of: "with args").map { refusal[..<$0.lowerBound] + "…" } ?? refusal[...]
    return String(words.prefix(tellableMax))
  }
}
