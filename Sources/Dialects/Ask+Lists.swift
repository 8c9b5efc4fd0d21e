import ChatCore

/// Lists that the old servers answered in one piece, read page by page; each page counts as a read.
extension Ask {
  /// All of a listing, a page after the other.
  ///
  /// - Parameter weight: bytes that one takes, held and written.
  /// - Limits: ``listMax``; room for what gathers.
  public func all<Item, Cursor>(
    weight: (Item) -> Int, _ page: (_ after: Cursor?, _ limit: Int) async throws -> Listing<Item, Cursor>
  ) async throws -> [Item] { try await all(keeping: { $0 }, weight: weight, page) }

  /// The same of what a row needs of them: the rest of a page is not kept while the next one comes.
  ///
  /// - Parameter weight: bytes that what is kept of one takes, held and written.
  public func all<Item, Kept, Cursor>(
    keeping kept: (Item) -> Kept, weight: (Kept) -> Int,
    _ page: (_ after: Cursor?, _ limit: Int) async throws -> Listing<Item, Cursor>
  ) async throws -> [Kept] {
    var (found, bytes): ([Kept], Int) = ([], 0)
    var after: Cursor?
    while found.count < Ask.listMax {
      if after != nil { try await countFurtherPage() }
      let next = try await gathered {
        let read = try await page(after, min(limits.pageMax, Ask.listMax - found.count))
        return (items: read.items.map(kept), next: read.next)
      } weigh: {
        let (more, count) = ($0.items.reduce(0) { $0 + weight($1) }, found.count + $0.items.count)
        // By the average: one heavy element must not make everybody's list ask for the room of ten thousand such.
        let average = (bytes + more) / max(1, count)
        return (more, $0.next == nil ? 0 : (Ask.listMax - count) * average)
      }
      bytes += next.items.reduce(0) { $0 + weight($1) }
      found += next.items
      guard let cursor = next.next else { break }
      after = cursor
    }
    return found
  }

  /// Counts one thing more that this request does, as if it had been asked for by itself: one request for a whole list
  /// may cost as much as a hundred for its pages.
  ///
  /// - Throws: `.rateLimited`.
  public func count(_ rate: Rate) async throws {
    let retryAfter = await mount.gate.retryAfter(rate, isKnown ? try caller : nil, address: peer)
    if let retryAfter { throw ChatError.rateLimited(retryAfter: retryAfter) }
  }

  /// Counts a page more of what is answered whole, as a read.
  ///
  /// - Throws: `.rateLimited`, with the time after which the list can be had.
  func countFurtherPage() async throws {
    cost.furtherPages += 1
    let retryAfter = await mount.gate.retryAfter(
      furtherPage: cost.furtherPages, isKnown ? try caller : nil, address: peer)
    if let retryAfter { throw ChatError.rateLimited(retryAfter: retryAfter) }
  }

  /// Elements of a list that is asked for whole: 10,000, twice what `Limits/contactsPerUserMax` lets anybody have.
  public static let listMax = 10_000

  /// The caller's contacts, of those states.
  public func contacts(_ states: Set<ContactState> = Set(ContactState.allCases)) async throws -> [Contact] {
    try await all(weight: \.heldBytes) { try await run(ListContacts(states: states, after: $0, limit: $1)) }
  }

  /// The caller's conversations with their first members, and when something was last said in each.
  public func conversations() async throws -> [(Conversation, last: Timestamp?)] {
    // What was said may be 64 KiB long, and no list shows it.
    try await all(keeping: { ($0.conversation, $0.last?.createdAt) }, weight: { $0.0.heldBytes }) {
      try await run(PreviewConversations(after: $0, limit: $1))
    }
  }

  /// A conversation of a list with more of its members; nil for who was sent away just now. Counts as a page.
  ///
  /// - Parameter rest: members that others of the list may still show, at most: there is to be room for all at once.
  public func whole(_ conversation: Conversation, rest: Int) async throws -> Conversation? {
    try await countFurtherPage()
    do {
      return try await gathered {
        try await run(ShowConversation(conversation: conversation.id))
      } weigh: {
        (max(0, $0.heldBytes - conversation.heldBytes), rest * Ask.elementBytes)
      }
    } catch ChatError.notFound { return nil }
  }

  /// Members that ``whole(_:rest:)`` may show of a list's conversations besides those that the list shows.
  func furtherMembers(of conversations: [Conversation]) -> Int {
    conversations.reduce(0) { $0 + max(0, min($1.memberCount, limits.membersShownMax) - $1.members.count) }
  }

  /// Those of some users who are there, as far as the caller may know it and it is known: the old servers have no word
  /// for what they do not know, and a list of contacts is to come without Redis, too.
  public func online(_ users: [UserID]) async throws -> Set<UserID> {
    var (found, rest) = (Set<UserID>(), users[...])
    while !rest.isEmpty {
      let some = rest.prefix(limits.presenceUsersMax)
      rest = rest.dropFirst(some.count)
      found.formUnion(try await present(Array(some)).filter { $0.status == .online }.map(\.user))
    }
    return found
  }

  private func present(_ users: [UserID]) async throws -> [Presence] {
    do {
      return try await run(ShowPresence(users: users)).known
    } catch ChatError.unavailable(.presence, _) {
      return []
    }
  }

  /// Where the pictures of some users are; who has none is left out.
  public func pictures(_ users: [UserID]) async throws -> [UserID: String] {
    let found = try await run(ShowUsers(users: users))
    return Dictionary(found.compactMap { user in user.avatarURL.map { (user.id, $0) } }, uniquingKeysWith: { $1 })
  }

  /// The newest messages between the caller and another, oldest first; none when they never wrote.
  public func history(with user: UserID, most: Int = Ask.historyMax) async throws -> [Message] {
    guard let conversation = try await run(FindDirectConversation(user: user)) else { return [] }
    return try await history(conversation, most: most)
  }

  /// Messages of a history that is asked for whole: 10,000, and 8 MiB of text, so that one request cannot fill a node.
  public static let historyMax = 10_000
  /// Bytes of text of one history: 8 MiB, as said of ``historyMax``.
  public static let historyBytesMax = 8 << 20

  /// The newest messages of a conversation that have not been deleted, oldest first.
  public func history(_ conversation: ConversationID, most: Int = Ask.historyMax) async throws -> [Message] {
    var pages: [[Message]] = []
    var (count, bytes, page) = (0, 0, Page.latest)
    while count < most, bytes < Ask.historyBytesMax {
      if count > 0 { try await countFurtherPage() }
      let asked = min(chat.limits.pageMax, most - count)
      let found = try await gathered {
        let found = try await run(ListMessages(conversation: conversation, page: page, limit: asked))
        return (messages: try found.messages, hasMore: found.hasMore)
      } weigh: { found in
        let (texts, read) = (Ask.texts(found.messages), count + found.messages.count)
        let isLast = !found.hasMore || read >= most || bytes + texts >= Ask.historyBytesMax
        let lastPage = chat.limits.pageMax * chat.limits.textBytesMax
        let rest = Ask.historyBytesMax - bytes - texts + lastPage + (most - read) * Ask.elementBytes
        return (texts + found.messages.count * Ask.elementBytes, isLast ? 0 : rest)
      }
      pages.append(found.messages.filter { $0.deletedAt == nil })
      count += found.messages.count
      bytes += Ask.texts(found.messages)
      guard found.hasMore, let first = found.messages.first else { break }
      page = .before(first.seq)
    }
    return pages.reversed().flatMap(\.self)
  }

  private static func texts(_ messages: [Message]) -> Int { messages.reduce(0) { $0 + $1.text.utf8.count } }
}
