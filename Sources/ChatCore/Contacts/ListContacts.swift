/// Lists the caller's contacts, ascending by user id, each with the streak as it stands now.
///
/// - Limits: pages of at most ``Limits/pageMax``; ``Limits/contactsPerUserMax`` in all.
/// - Throws: `.invalid` at `/limit`.
public struct ListContacts: Command {
  /// Of which states.
  public let states: Set<ContactState>
  /// The ``Listing/next`` of the page before.
  public let after: UserID?
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked; all states when none is named.
  public init(
    states: Set<ContactState> = Set(ContactState.allCases), after: UserID? = nil, limit: Int? = nil
  ) {
    self.states = states
    self.after = after
    self.limit = limit
  }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Listing<Contact, UserID> {
    let limit = try chat.limits.page(limit)
    let found = try await chat.contacts.contacts(of: caller.user, in: states, after: after, limit: limit + 1)
    return Listing(found, limit: limit, cursor: \.user)
  }
}

/// Lists those whom the caller has blocked, ascending by user id.
///
/// - Limits: pages of at most ``Limits/pageMax``.
/// - Throws: `.invalid` at `/limit`.
public struct ListBlocks: Command {
  /// The ``Listing/next`` of the page before.
  public let after: UserID?
  /// How many; ``Limits/pageDefault`` when nil.
  public let limit: Int?

  /// Collects what is asked.
  public init(after: UserID? = nil, limit: Int? = nil) {
    self.after = after
    self.limit = limit
  }

  /// Looks.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Listing<Contact, UserID> {
    let limit = try chat.limits.page(limit)
    let found = try await chat.contacts.blocks(of: caller.user, after: after, limit: limit + 1)
    return Listing(found, limit: limit, cursor: \.user)
  }
}
