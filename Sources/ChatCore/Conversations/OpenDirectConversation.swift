/// Opens the direct conversation of the caller with another user: the one that exists, or a new one.
///
/// - Shape: `{"kind": "direct", "user": 16777217}`.
/// - Throws: `.invalid` at `/user`: `unknown_user`, or `not_allowed` for oneself; `.conflict(.conversationsFull)` when
///   there is none and one of the two has ``Limits/conversationsPerUserMax``.
public struct OpenDirectConversation: Command {
  /// What came of it.
  public struct Opened: Sendable, Hashable {
    /// The conversation with both members.
    public let conversation: Conversation
    /// Whether it was made just now.
    public let isNew: Bool
  }

  /// The other.
  public let user: UserID

  /// Names the other.
  public init(user: UserID) { self.user = user }

  /// Looks both up, opens, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Opened {
    var faults = Faults()
    if user == caller.user { faults.add("/user", "not_allowed", "user must be another user than the caller.") }
    try faults.settle()
    let found = try await chat.users.users([caller.user, user])
    guard let me = found.first(where: { $0.id == caller.user }) else { throw .unauthenticated(.sessionEnded) }
    guard let other = found.first(where: { $0.id == user }) else {
      throw .invalid([.unknownUser(at: "/user")])
    }
    let (conversation, made) = try await chat.conversations.openDirect(
      me, other, most: chat.limits.conversationsPerUserMax)
    if let made { chat.publisher.publish(made) }
    return Opened(conversation: conversation, isNew: made != nil)
  }
}

extension Fault {
  /// Says that an id in a request belongs to nobody.
  static func unknownUser(at pointer: String) -> Fault {
    Fault(pointer: pointer, code: "unknown_user", detail: "There is no user with this id.")
  }
}
