/// Pages through the messages of a conversation that the caller may see.
///
/// - Shape: `?before=SEQ&limit=50`; `{"messages": [… ascending seq], "head", "has_more"}`.
/// - Limits: at most ``Limits/pageMax``; more is refused.
/// - Throws: `.notFound(.conversation)`; `.invalid` at `/limit`, `/before`, `/after` or `/around`.
public struct ListMessages: Command {
  /// A page of messages.
  public struct Reply: Sendable {
    /// Ascending by `seq`.
    public let list: MessageList
    /// The `seq` of the conversation's last entry.
    public let head: Int64
    /// Whether there are more where the page leads: older for the latest and `before`, newer for `after`, either for
    /// `around`.
    public let hasMore: Bool
    fileprivate let reader: UserID

    /// The messages as values, as the caller may see them.
    public var messages: [Message] {
      get throws(ChatError) { try list.messages().map { $0.previousText == nil ? $0 : $0.seen(by: reader) } }
    }
  }

  /// Where.
  public let conversation: ConversationID
  /// Which part.
  public let page: Page
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked.
  public init(conversation: ConversationID, page: Page = .latest, limit: Int? = nil) {
    self.conversation = conversation
    self.page = page
    self.limit = limit
  }

  /// Checks and looks; one message more than asked on each open side tells whether there are more.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Reply {
    try page.check()
    let limit = try chat.limits.page(limit)
    guard
      var found = try await chat.log.history(
        of: conversation, for: caller.user, page: page, limit: limit + page.openSides)
    else { throw .notFound(.conversation) }
    let count = found.messages.count
    try page.cut(&found.messages, to: limit)
    return Reply(
      list: found.messages, head: max(found.head, try found.messages.lastSeq ?? 0),
      hasMore: found.messages.count < count, reader: caller.user)
  }
}

extension Page {
  fileprivate func check() throws(ChatError) {
    let named: (String, Int64) =
      switch self {
      case .latest: ("", 0)
      case .before(let seq): ("before", seq)
      case .after(let seq): ("after", seq)
      case .around(let seq): ("around", seq)
      }
    try Fault.refuseNegative(named.1, named.0)
  }

  fileprivate var openSides: Int {
    if case .around = self { 2 } else { 1 }
  }

  /// Takes off what was asked too many.
  fileprivate func cut(_ found: inout MessageList, to limit: Int) throws(ChatError) {
    switch self {
    case .latest, .before: found.removeFirst(max(0, found.count - limit))
    case .after: found.removeLast(max(0, found.count - limit))
    case .around(let seq):
      let earlier = try found.count(upTo: seq)
      found.removeLast(max(0, found.count - earlier - limit / 2))
      found.removeFirst(max(0, earlier - (limit + 1) / 2))
    }
  }
}

extension Fault {
  /// Refuses a `seq` that no entry can have.
  ///
  /// - Throws: `.invalid` with code `out_of_range`.
  static func refuseNegative(_ seq: Int64, _ member: String) throws(ChatError) {
    guard seq < 0 else { return }
    throw .invalid([
      Fault(pointer: "/" + member, code: "out_of_range", detail: "\(member) must not be negative.")
    ])
  }
}
