import ChatCore
import JSONText

extension Problem {
  /// How our own wires word what the domain refuses; the only such switch.
  public init(_ error: ChatError) {
    switch error {
    case .notFound(let noun):
      self.init(404, noun.rawValue + "_not_found", "There is no such \(noun.rawValue), or you may not see it.")
    case .forbidden(let rule):
      self.init(403, rule.rawValue, Problem.sentence(rule))
    case .conflict(let conflict):
      // What If-Match asked for does not hold (RFC 9110 section 13.1.1).
      self.init(conflict == .messageChanged ? 412 : 409, conflict.rawValue, Problem.sentence(conflict))
    case .invalid(let faults):
      self.init(invalid: faults)
    case .tooLarge(let limit):
      self.init(413, "file_too_large", "A file has at most \(limit) bytes.")
    case .unauthenticated(let reason):
      self.init(401, reason.rawValue, Problem.sentence(reason))
    case .rateLimited(let retryAfter):
      self.init(429, "rate_limited", "Too many requests of this kind; come back later.", retryAfter: retryAfter)
    case .unavailable(let dependency, let retryAfter):
      self.init(
        503, dependency.rawValue + "_unavailable",
        Problem.sentence(dependency), retryAfter: retryAfter)
    case .timedOut(let until):
      self.init(403, "timed_out", "The other lets you write to him again from \(until.rfc3339) on.")
    case .internalError:
      self.init(500, "internal_error", "A mistake of ours; it has been logged with the request's id.")
    }
  }

  /// What a request with wrong members is told; an unknown member gives its name to the whole.
  public init(invalid faults: [ChatCore.Fault]) {
    let unknown = faults.contains { $0.code == Fault.Code.unknownMember.rawValue }
    let first = faults.first { !unknown || $0.code == Fault.Code.unknownMember.rawValue }
    let detail = first?.detail ?? "The request is not valid."
    self.init(400, unknown ? "unknown_member" : "invalid_request", detail, errors: faults)
  }

  /// What a request that does not keep its shape is told.
  public init(_ errors: ShapeErrors) {
    self.init(
      invalid: errors.faults.map { ChatCore.Fault(pointer: $0.pointer, code: $0.code.rawValue, detail: $0.detail) })
  }

  /// What a text that is not JSON is told; the member that cannot be read is named, as far as it is one.
  ///
  /// - Parameters:
  ///   - bytes: the text.
  ///   - member: in which pointers begin, if not in the text itself.
  public init(_ error: JSONError, in bytes: Span<UInt8>, under member: String = "") {
    let detail = "This is not JSON as it is read here: \(error.description)"
    guard error.reason != .tooLarge else {
      self.init(413, "body_too_large", detail)
      return
    }
    let faults = [error.fault(in: bytes)].compactMap(\.self).map { fault in
      let isUnder = !member.isEmpty && fault.pointer.hasPrefix(member + "/")
      return ChatCore.Fault(
        pointer: isUnder ? String(fault.pointer.dropFirst(member.count)) : fault.pointer, code: fault.code.rawValue,
        detail: fault.detail)
    }
    self.init(400, "invalid_json", detail, errors: faults)
  }

  private init(_ error: JSONError) {
    let nothing: [UInt8] = []
    self.init(error, in: nothing.span)
  }

  /// One of each that the initializers here can give: what the reference page lists and the tests go through.
  public static var known: [Problem] {
    let refusals: [ChatError] =
      ChatError.Unauthenticated.allCases.map { .unauthenticated($0) } + ChatError.Rule.allCases.map { .forbidden($0) }
      + ChatError.Noun.allCases.map { .notFound($0) } + ChatError.Conflict.allCases.map { .conflict($0) }
      + [.tooLarge(limit: 1), .rateLimited(retryAfter: 1000), .timedOut(until: Timestamp(milliseconds: 0))]
      + [.internalError("")]
      + ChatError.Dependency.allCases.map { .unavailable($0, retryAfter: 1000) }
    let unknown = ChatCore.Fault(
      pointer: "/id", code: Fault.Code.unknownMember.rawValue, detail: "\"id\" is not a member of this object.")
    let shapes = [
      Problem(invalid: []), Problem(invalid: [unknown]), Problem(JSONError(reason: .unexpectedByte, offset: 0)),
      Problem(JSONError(reason: .tooLarge, offset: 0)),
    ]
    return shapes + refusals.map { Problem($0) }
  }

  private static func sentence(_ dependency: ChatError.Dependency) -> String {
    switch dependency {
    case .database: "The database is away or too busy. Repeat the request with the same ids."
    case .files: "What keeps files is away or too busy. Repeat the request with the same ids."
    case .node: "The node is away or too busy. Repeat the request with the same ids."
    case .presence: "Whether they are there cannot be found out now; ask again a little later."
    }
  }

  private static func sentence(_ rule: ChatError.Rule) -> String {
    switch rule {
    case .notAMember: "Only members write here; join first."
    case .roleTooLow: "Your role in this conversation does not allow that."
    case .wrongKind: "A conversation of this kind does not allow that."
    case .notTheAuthor: "Only its author may do that."
    case .notTheOwner: "Only its owner may do that."
    case .lastOwner: "An owner passes ownership before leaving."
    case .blocked: "One of the two has blocked the other."
    }
  }

  private static func sentence(_ conflict: ChatError.Conflict) -> String {
    switch conflict {
    case .usernameTaken: "This username is taken."
    case .idempotency: "This client_message_id was used before with another text, type, reply_to or attachments."
    case .conversationFull: "The conversation has as many members as it may have."
    case .conversationsFull: "Somebody who was to be a member has as many conversations as one may have."
    case .conversationDeleted: "The conversation was deleted."
    case .messageDeleted: "The message was deleted."
    case .messageChanged: "The message has been changed since; read it again."
    case .tooManyReactions: "The message has as many different reactions as it may have."
    case .contactsFull: "One of the two has as many contacts as one may have."
    case .fileQuota: "Your files take as much as they may; delete some first."
    case .fileShared: "The file was sent into as many conversations as it may be; upload it again."
    }
  }

  private static func sentence(_ reason: ChatError.Unauthenticated) -> String {
    switch reason {
    case .wrongCredentials: "Unknown username or wrong password."
    case .invalidToken: "The token is missing, malformed, expired or not ours."
    case .sessionEnded: "This session has ended; sign in again."
    case .refreshReused: "This refresh token was used before; the session has been ended, sign in again."
    }
  }
}
