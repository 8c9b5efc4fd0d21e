import ChatCore
import JSONText

/// A refusal in the old server's words.
///
/// - Shape: `throw Refusal(400, "Cannot send message to yourself")`.
public struct Refusal: Error, Sendable, Equatable {
  /// The status of an answer to a request.
  public let status: Int
  /// The words.
  public private(set) var text: String
  /// The whole body, where the envelope around the words is not enough.
  public let body: JSONValue?
  /// Milliseconds after which it may be tried again.
  public var retryAfter: Milliseconds?
  /// What an internal error was about; for the log only.
  public var fault: String?

  /// A refusal by its words.
  public init(_ status: Int, _ text: String, body: JSONValue? = nil) {
    self.status = status
    self.text = text
    self.body = body
  }

  /// The same in other words: the status stays, and what the log is told.
  func saying(_ text: String) -> Refusal {
    var refusal = self
    refusal.text = text
    return refusal
  }
}

/// How a dialect says no: the frame around the words, and the words where they are not a row's own.
public struct Refusals: Sendable {
  /// The body of an answer.
  public let envelope: @Sendable (Refusal) -> JSONValue
  /// What a socket is told.
  public let event: @Sendable (Refusal) -> [Words]
  /// What is said of a required member that is missing, by its name and the row's word.
  public let missing: @Sendable (_ member: String, _ word: String) -> Refusal
  /// What is said to who is not signed in; nil words it as Flask-JWT-Extended does.
  public let credential: @Sendable (CredentialFault, _ word: String) -> Refusal?
  /// How the domain's refusals are worded in general, by the row's word; nil takes ``Refusals/standard(_:)``.
  public let words: @Sendable (ChatError, _ word: String) -> Refusal?
  /// What is said to an action that has no row; nil says nothing, as Socket.IO's servers do.
  public let unknown: Refusal?
  /// What is said to a frame that cannot be read; nil says nothing.
  public let malformed: Refusal?

  /// Collects them.
  public init(
    envelope: @escaping @Sendable (Refusal) -> JSONValue = { ["error": .string($0.text)] },
    event: @escaping @Sendable (Refusal) -> [Words] = {
      $0.text.isEmpty ? [] : [Words("error", ["message": .string($0.text)])]
    },
    missing: @escaping @Sendable (String, String) -> Refusal,
    credential: @escaping @Sendable (CredentialFault, String) -> Refusal? = { _, _ in nil },
    words: @escaping @Sendable (ChatError, String) -> Refusal? = { _, _ in nil },
    unknown: Refusal? = nil, malformed: Refusal? = nil
  ) {
    self.envelope = envelope
    self.event = event
    self.missing = missing
    self.credential = credential
    self.words = words
    self.unknown = unknown
    self.malformed = malformed
  }

  /// The words for who has nothing better to say.
  static func standard(_ error: ChatError) -> Refusal {
    switch error {
    case .notFound(let noun):
      let name = noun.rawValue
      return Refusal(404, name.prefix(1).uppercased() + name.dropFirst() + " not found")
    case .forbidden: return Refusal(403, "Access denied")
    case .timedOut: return Refusal(403, "You are currently in timeout and cannot send messages")
    case .conflict(.usernameTaken): return Refusal(400, "Username already exists")
    case .tooLarge: return Refusal(413, "File is too large")
    case .conflict(let conflict): return Refusal(409, conflict.rawValue)
    case .invalid(let faults): return Refusal(400, faults.first?.detail ?? "Invalid request")
    case .unauthenticated(.wrongCredentials): return Refusal(401, "Invalid credentials")
    case .unauthenticated: return jwt(.ended)
    case .rateLimited(let after): return later(Refusal(429, "Too many requests"), after)
    case .unavailable(_, let after): return later(Refusal(503, "Service unavailable"), after)
    case .internalError(let fault):
      var refusal = Refusal(500, "Internal server error")
      refusal.fault = fault
      return refusal
    }
  }

  /// What Flask-JWT-Extended says, under all three names that clients of the two servers read it by; always 401, which
  /// is what real clients react to.
  static func jwt(_ fault: CredentialFault) -> Refusal {
    let text =
      switch fault {
      case .missing: "Missing Authorization Header"
      case .malformed: "Not enough segments"
      case .invalid: "Token has expired"
      case .ended: "Token has been revoked"
      }
    return Refusal(401, text, body: ["message": .string(text), "msg": .string(text), "error": .string(text)])
  }

  private static func later(_ refusal: Refusal, _ after: Milliseconds) -> Refusal {
    var refusal = refusal
    refusal.retryAfter = after
    return refusal
  }
}

/// What is wrong with a credential.
public enum CredentialFault: Sendable, Hashable, CaseIterable {
  /// There is none.
  case missing
  /// It is no token.
  case malformed
  /// It has expired or is not ours.
  case invalid
  /// Its session was ended.
  case ended
}
