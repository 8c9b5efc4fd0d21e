/// What was refused, in the domain's words; each wire says it in its own.
public enum ChatError: Error, Hashable, Sendable {
  /// There is no such thing, or the caller may not even see it.
  case notFound(Noun)
  /// The caller may see it but not do this.
  case forbidden(Rule)
  /// It cannot be done as things are; repeating it does not help.
  case conflict(Conflict)
  /// What was asked has wrong members; each is named.
  case invalid([Fault])
  /// It has more bytes than are taken.
  case tooLarge(limit: Int)
  /// Nobody, or nobody any more: wrong password, ended session, reused refresh token.
  case unauthenticated(Unauthenticated)
  /// Too much of that; come back later.
  case rateLimited(retryAfter: Milliseconds)
  /// What is needed to do it is away or too busy; nothing was stored that is not answered. Repeat with the same ids.
  case unavailable(Dependency, retryAfter: Milliseconds)
  /// The other has timed the caller out: he may write to him again at that moment.
  case timedOut(until: Timestamp)
  /// Our own mistake; logged at error level where it was made.
  case internalError(String)

  /// A thing of the product.
  public enum Noun: String, Sendable, CaseIterable {
    /// See ``User``, ``Session``, ``Conversation``, ``Member``, ``Message``, ``Contact``, ``File``.
    case user, session, conversation, member, message, contact, file
  }

  /// Why the caller may not.
  public enum Rule: String, Sendable, CaseIterable {
    /// Writing needs membership.
    case notAMember = "not_a_member"
    /// The member's role does not allow it.
    case roleTooLow = "role_too_low"
    /// The kind of conversation does not allow it.
    case wrongKind = "wrong_kind"
    /// Only its author may.
    case notTheAuthor = "not_the_author"
    /// Only its owner may.
    case notTheOwner = "not_the_owner"
    /// An owner must pass ownership first.
    case lastOwner = "last_owner"
    /// One of the two has blocked the other.
    case blocked
  }

  /// What stands against it.
  public enum Conflict: String, Sendable, CaseIterable {
    /// The name is taken.
    case usernameTaken = "username_taken"
    /// The same `client_message_id` with another text or type.
    case idempotency = "idempotency_conflict"
    /// The conversation has as many members as it may.
    case conversationFull = "conversation_full"
    /// One of those who would enter it has as many conversations as one may have.
    case conversationsFull = "conversations_full"
    /// The conversation was deleted.
    case conversationDeleted = "conversation_deleted"
    /// The message was deleted.
    case messageDeleted = "message_deleted"
    /// The message is not any more in a state that the caller named.
    case messageChanged = "message_changed"
    /// The message has as many different reactions as it may.
    case tooManyReactions = "too_many_reactions"
    /// The caller or the other has as many contacts as one may have.
    case contactsFull = "contacts_full"
    /// The files of the user would take more than they may.
    case fileQuota = "file_quota_exceeded"
    /// The file was sent into as many conversations as it may be.
    case fileShared = "file_shared_too_often"
  }

  /// Why the caller is nobody.
  public enum Unauthenticated: String, Sendable, CaseIterable {
    /// No such user or another password: one answer for both.
    case wrongCredentials = "wrong_credentials"
    /// The token is missing, malformed, expired or not ours.
    case invalidToken = "invalid_token"
    /// The session was ended.
    case sessionEnded = "session_ended"
    /// A refresh token came a second time: the whole family has been ended.
    case refreshReused = "refresh_reused"
  }

  /// What is away.
  public enum Dependency: String, Sendable, CaseIterable {
    /// PostgreSQL, or its pool is full.
    case database
    /// What keeps the bytes of files.
    case files
    /// What the nodes know of who is there: Redis.
    case presence
    /// This node is leaving or over its limits.
    case node
  }
}

/// One wrong member of what was asked.
public struct Fault: Hashable, Sendable {
  /// Where, as a JSON pointer (RFC 6901): `/members/3`.
  public let pointer: String
  /// What is wrong, as a stable code: `too_long`, `missing`, `unknown_user` …
  public let code: String
  /// The same as a sentence that names the member and the limit.
  public let detail: String

  /// Names a fault.
  public init(pointer: String, code: String, detail: String) {
    self.pointer = pointer
    self.code = code
    self.detail = detail
  }

  /// What a store says of a `reply_to` that is no message of the conversation.
  public static let unknownReply = Fault(
    pointer: "/reply_to", code: "unknown_message", detail: "reply_to must be a message of the same conversation.")
}

/// A span of time in milliseconds.
public typealias Milliseconds = Int64
