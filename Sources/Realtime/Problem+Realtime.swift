import ChatCore
import EntryText

/// What is wrong with a request before the domain is asked.
extension Problem {
  static func unknownOperation(_ name: String) -> Problem {
    let fault = Fault(pointer: "/op", code: "unknown_operation", detail: "\"op\" names no operation.")
    return Problem(400, "unknown_operation", "There is no operation \"\(name)\".", errors: [fault])
  }

  static let notAuthenticated = Problem(
    401, "not_authenticated", "Before anything else, auth must bring a valid token.")

  static let noToken = Problem(
    401, "not_authenticated", "Connect with auth: {\"token\": \"<access token>\"}; POST /v1/sessions gives one.")

  static let notOneObject = Problem(
    400, "invalid_request", "An operation takes one object and no attachments.",
    errors: [Fault(pointer: "", code: "wrong_type", detail: "The event's arguments must be one object.")])

  static let otherUser = Problem(
    409, "other_user", "This session speaks for another user; open a new one for this token.")

  static let alreadyResumed = Problem(409, "already_resumed", "A session resumes once.")

  static let duplicateID = Problem(
    400, "duplicate_id", "A request with this id is under way.",
    errors: [Fault(pointer: "/id", code: "duplicate_id", detail: "\"id\" must differ from those under way.")])

  static func tooManyRequests(_ most: Int) -> Problem {
    Problem(429, "too_many_requests", "At most \(most) requests of one session may be under way.", retryAfter: 100)
  }

  static func invalidHead(_ conversation: ConversationID, _ head: Int64) -> Problem {
    let name = String(conversation.rawValue)
    let detail = "\"heads/\(name)\" is beyond the conversation's head, \(head)."
    return Problem(
      400, "invalid_head", detail, errors: [Fault(pointer: "/heads/\(name)", code: "invalid_head", detail: detail)])
  }
}

extension ChatError {
  /// What the log is to be told of our own mistakes.
  var fault: String? {
    if case .internalError(let fault) = self { return fault }
    return nil
  }

  /// When to come back, where the error says so.
  var retryAfter: Milliseconds? {
    switch self {
    case .rateLimited(let wait), .unavailable(_, let wait): wait
    case .notFound, .forbidden, .timedOut, .conflict, .invalid, .tooLarge, .unauthenticated, .internalError: nil
    }
  }
}

extension CloseCode {
  /// What becomes of a session whose Authorization header brought a token that was refused.
  init(refusing error: ChatError) {
    switch error {
    case .unauthenticated(.sessionEnded), .unauthenticated(.refreshReused): self = .signedOut
    case .unauthenticated: self = .tokenExpired
    case .unavailable, .rateLimited, .internalError: self = .resumeLimit
    case .notFound, .forbidden, .timedOut, .conflict, .invalid, .tooLarge: self = .notAuthenticated
    }
  }
}
