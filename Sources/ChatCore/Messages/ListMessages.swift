/// Pages through the messages of a conversation that the caller may see.
///
/// - Shape: `?before=SEQ&limit=50`; `{"messages": [… ascending seq], "head", "has_more"}`.
/// - Limits: at most ``Limits/pageMax``; more is refused.
/// - Throws: `.notFound(.conversation)`; `.invalid` at `/limit`, `/before`, `/after` or `/around`.
public struct ListMessages: Command {
  /// A page of messages.
  public struct Reply: Sendable, Hashable {
    /// Ascending by `seq`.
    public let messages: [Message]
    /// The `seq` of the conversation's last entry.
    public let head: Int64
    /// Whether there are more where the page leads: older for the latest and `before`, newer for `after`, either for
    /// `around`.
    public let hasMore: Bool
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
    let head = try await chat.visible(conversation, to: caller).head
    let found = try await chat.log.messages(
      of: conversation, page: page, limit: limit + page.openSides, asOf: head)
    let messages = page.cut(found, to: limit).map { $0.seen(by: caller.user) }
    return Reply(
      messages: messages, head: max(head, messages.last?.seq ?? 0), hasMore: messages.count < found.count)
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
  fileprivate func cut(_ found: [Message], to limit: Int) -> [Message] {
    switch self {
    case .latest, .before: found.suffix(limit)
    case .after: Array(found.prefix(limit))
    case .around(let seq):
      found.filter { $0.seq <= seq }.suffix((limit + 1) / 2) + found.filter { $0.seq > seq }.prefix(limit / 2)
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
