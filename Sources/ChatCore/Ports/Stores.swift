/// What a store may say: it is away or too busy (``ChatError/unavailable(_:retryAfter:)``), or what its one job
/// refuses.
///
/// Every store is shared by the contract in TestKit's AdapterContract, which runs on PostgreSQL and in memory alike.
/// Its methods run on the executor of the caller and never block it. All ids come from callers checked.
public protocol UserStore: Sendable {
  /// Takes the name, makes the user, his self conversation (whose `seq` 1 is `conversation.created`) in one
  /// transaction.
  ///
  /// - Throws: `.conflict(.usernameTaken)` when another user's name has the same key.
  func register(_ user: NewUser) async throws(ChatError) -> User
  /// The user with that id, unless he is gone.
  func user(_ id: UserID) async throws(ChatError) -> User?
  /// Those of the ids that exist; a scatter statement, at most ``Limits/membersPerRequestMax`` ids.
  func users(_ ids: [UserID]) async throws(ChatError) -> [User]
  /// The user with that name and his password hash.
  func credentials(ofUsernameKey key: String) async throws(ChatError) -> (user: User, passwordHash: String)?
  /// Replaces the password hash (rehashing at sign-in, change of password).
  func setPasswordHash(_ hash: String, of user: UserID) async throws(ChatError)
  /// The hash of the user's password; nil when there is no such user.
  func passwordHash(of user: UserID) async throws(ChatError) -> String?
  /// Replaces the password hash and ends the user's sessions but `kept`, in one transaction; those that were alive.
  func changePassword(_ hash: String, of user: UserID, keeping kept: SessionID?) async throws(ChatError) -> [SessionID]
  /// Changes what the change names; attributes are merged by ``ProfileRules`` inside the transaction.
  ///
  /// - Throws: `.notFound(.user)`, and as ``ProfileRules`` say.
  func update(_ user: UserID, _ change: ProfileChange) async throws(ChatError) -> User
  /// Ends the account for ever, with all its sessions, in one transaction; false when there was none.
  ///
  /// From then on no method of this store finds the user; his name stays taken, his messages stay, and
  /// ``SessionStore/open(user:device:nonce:most:)`` refuses him. He is noted for ``CleanupStore``, which takes him out
  /// of his conversations.
  func delete(_ user: UserID) async throws(ChatError) -> Bool
  /// Users whose name key begins with `prefix` (all with an empty one), ascending by the bytes of the key, after the
  /// key `after`; a scatter statement.
  func search(prefix: String, after: String?, limit: Int) async throws(ChatError) -> [User]
  /// The users whose name keys lie nearest to each of the keys in the order of their bytes: up to `each` from it on
  /// and up to `each` below it; scatter statements, at most 32 keys.
  func near(keys: [String], each: Int) async throws(ChatError) -> [User]
}

/// Remembers sign-in sessions and the generations of their refresh tokens.
public protocol SessionStore: Sendable {
  /// Opens one with generation 1; the oldest of the user's ends when there would be more than `most`.
  ///
  /// - Throws: `.unauthenticated(.wrongCredentials)` when the account has been deleted, were it a moment ago.
  func open(user: UserID, device: String?, nonce: [UInt8], most: Int) async throws(ChatError) -> Session
  /// What a refresh needs: the session's user, nonce and current generation, unless ended or idle for too long.
  func refreshState(_ session: SessionID) async throws(ChatError) -> RefreshState?
  /// Moves from `generation` to the next in one row lock; a repeat of the last move within `grace` gives the same
  /// result; any other generation ends the session. A negative `grace` allows no repeat.
  func rotate(_ session: SessionID, from generation: Int64, grace: Milliseconds) async throws(ChatError) -> Rotation
  /// The user's living sessions, newest first.
  func sessions(of user: UserID) async throws(ChatError) -> [Session]
  /// Ends one; true when it was alive.
  func end(_ session: SessionID, of user: UserID) async throws(ChatError) -> Bool
  /// Ends all of the user's; those that were alive.
  func endAll(of user: UserID) async throws(ChatError) -> [SessionID]
  /// Those of the ids that are no longer alive or never were; the poll that holds when a sign-out's signal was lost.
  func ended(among sessions: [SessionID]) async throws(ChatError) -> [SessionID]
}

/// What a refresh needs to know of a session.
public struct RefreshState: Sendable, Hashable {
  /// The session and whose it is.
  public let session: Session
  /// 32 random bytes of the session, part of what its refresh tokens sign.
  public let nonce: [UInt8]
  /// The generation of the newest refresh token.
  public let generation: Int64

  /// Collects it.
  public init(session: Session, nonce: [UInt8], generation: Int64) {
    self.session = session
    self.nonce = nonce
    self.generation = generation
  }
}

/// What came of a rotation.
public enum Rotation: Sendable, Hashable {
  /// The generation that is now the newest.
  case rotated(generation: Int64)
  /// An old generation came again: the session has been ended.
  case reused
  /// The session was ended before.
  case ended
}

/// Remembers conversations and who is in them. Every change locks the bucket's log, so that rules hold the instant they
/// change.
public protocol ConversationStore: Sendable {
  /// The direct conversation of two users, made when there is none; both become members (role `member`).
  ///
  /// `made` is nil when it existed; else the entries: `conversation.created`, and `conversation.joined` in both self
  /// logs. The conversation carries both members.
  ///
  /// - Parameter most: how many conversations each of the two may have with it.
  /// - Throws: `.forbidden(.blocked)`, `.timedOut`, when there is none and the caller may not write to the other;
  ///   `.conflict(.conversationsFull)`; `.notFound(.user)` when an account has ended.
  func openDirect(_ caller: User, _ other: User, most: Int) async throws(ChatError) -> (
    conversation: Conversation, made: Made?
  )
  /// The direct conversation of two users; nil when there is none.
  func direct(_ one: UserID, _ other: UserID) async throws(ChatError) -> ConversationID?
  /// Makes a group or public conversation with its owner and plain members (distinct, the owner not among them).
  ///
  /// Its `seq` 1, `conversation.created`, carries all of them; each gets `conversation.joined` with `seq` 1 in his self
  /// log.
  ///
  /// - Parameter most: how many conversations each of them may have with it.
  /// - Throws: `.forbidden(.blocked)` when a member has blocked the owner; `.conflict(.conversationsFull)`;
  ///   `.notFound(.user)` when an account has ended.
  func create(_ kind: ConversationKind, title: String, picture: String?, owner: User, members: [User], most: Int)
    async throws(ChatError) -> (conversation: Conversation, made: Made)
  /// One conversation with its first `members` members, as `reader` may see it: a member, or anyone when it is public.
  ///
  /// Gives nil when there is none or he may not see it.
  func conversation(_ id: ConversationID, for reader: UserID, members: Int) async throws(ChatError) -> Conversation?
  /// The user's direct, group and public conversations ascending by id after `after`, each with its first `members`
  /// members.
  func conversations(of user: UserID, after: ConversationID?, limit: Int, members: Int) async throws(ChatError)
    -> [Conversation]
  /// All conversations of the user, the self conversation too, with their heads; those that cannot be asked about while
  /// others can are named, and may have been deleted. Deleted ones are left out, and from then on do not count among
  /// those that he may have, as from ``conversations(of:after:limit:members:)`` on. His own deleting makes room at
  /// once.
  ///
  /// The self conversation's head is as old as the list: every coming and going up to it is in the list, so that
  /// whoever follows it from there misses none. The other heads may be newer.
  func heads(of user: UserID) async throws(ChatError) -> UserHeads
  /// Members ascending by user id after `after`.
  func members(of id: ConversationID, after: UserID?, limit: Int) async throws(ChatError) -> [Member]
  /// What a user is to others, as far as presence depends on it; who is left out is nothing to him.
  ///
  /// A scatter statement over the others' buckets, at most ``Limits/presenceUsersMax`` of them. The self conversation
  /// does not count; a deleted one may, until one of the two has looked at his list.
  func relations(of user: UserID, to others: [UserID]) async throws(ChatError) -> [UserID: Relation]
  /// Changes the membership of `subject` as `change` says, checked by the domain's ``MembershipRules`` inside the
  /// transaction.
  ///
  /// `member` is the subject's membership afterwards, nil when he left; `made` is nil when it was so already. Joining
  /// and leaving also write `conversation.joined` or `.left`, with the `seq` of the entry here, into the subject's self
  /// log.
  ///
  /// - Parameters:
  ///   - limit: how many members there may be.
  ///   - most: how many conversations the subject may have with it.
  /// - Throws: as the rules, `.forbidden(.blocked)` when the subject would be added and has blocked the caller,
  ///   `.notFound(.user)` when his account has ended, and `.conflict(.conversationsFull)`.
  func change(
    _ id: ConversationID, _ change: MembershipChange, of subject: User, by caller: User, limit: Int, most: Int
  ) async throws(ChatError) -> (member: Member?, made: Made?)
  /// Changes what is not nil, checked by ``ConversationRules`` inside the transaction; `made` is nil when it was so
  /// already. `.some(nil)` takes the picture away.
  func update(_ id: ConversationID, title: String?, picture: String??, by caller: User) async throws(ChatError)
    -> (conversation: Conversation, made: Made?)
  /// Deletes it, checked by ``ConversationRules``: one entry `conversation.deleted`, then it is no one's any more.
  ///
  /// From then on ``ConversationStore`` and sends answer `.notFound(.conversation)`;
  /// ``LogStore/entries(of:after:limit:)`` and its heads still tell the log, so that a node that missed the last entry
  /// finds it.
  func delete(_ id: ConversationID, by caller: User) async throws(ChatError) -> Made
}

/// The log entries that a change has committed, in every conversation that it touched; to be published.
public typealias Made = [Entry]

/// The logs of all conversations.
public protocol LogStore: Sendable {
  /// Stores a message: repetition, membership and the next `seq` in one transaction, batched by what is waiting.
  ///
  /// A repeated send is looked up before the membership, so that it gets its first answer even from who has left since;
  /// ids and texts are compared byte by byte.
  ///
  /// - Throws: `.notFound(.conversation)`, `.forbidden(.notAMember)` (public, not joined), `.forbidden(.wrongKind)`
  ///   (self), `.forbidden(.blocked)` and `.timedOut` (direct; see ``ContactRules``), `.conflict(.idempotency)`,
  ///   ``Fault/unknownReply`` for a `replyTo` that is no message here, `.unavailable(.database)` within 5 s.
  func append(_ message: NewMessage) async throws(ChatError) -> Appended
  /// The message that was stored under that client id, if one was; no check of membership.
  func message(by sender: UserID, clientMessageID: String, in conversation: ConversationID) async throws(ChatError)
    -> Message?
  /// Entries with `after < seq`, ascending, at most `limit`, messages as they are now; no check of membership.
  func entries(of conversation: ConversationID, after: Int64, limit: Int) async throws(ChatError) -> [Entry]
  /// Messages of a page, ascending by `seq`.
  func messages(of conversation: ConversationID, page: Page, limit: Int) async throws(ChatError) -> [Message]
  /// The same entries, of a conversation whose head the caller has read: they may come from a copy of the truth, as
  /// of that head exactly: with everything up to it, and nothing of after it. From the truth itself they may be newer.
  func entries(of conversation: ConversationID, after: Int64, limit: Int, asOf head: Int64)
    async throws(ChatError) -> [Entry]
  /// The same messages, under the same condition.
  func messages(of conversation: ConversationID, page: Page, limit: Int, asOf head: Int64)
    async throws(ChatError) -> [Message]
  /// The same messages as `reader` asks for them, with the head of the conversation as it was before or at once; nil
  /// when there is none or he may not see it, as ``ConversationStore/conversation(_:for:members:)`` says.
  func history(of conversation: ConversationID, for reader: UserID, page: Page, limit: Int)
    async throws(ChatError) -> (head: Int64, messages: MessageList)?
  /// The newest message of each of those conversations, be it deleted; those without any are left out. No check of
  /// membership.
  func newest(in conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Message]
  /// The log counters of those buckets, 0 for none, and who says so. A scatter statement;
  /// buckets that are away while others are not may be left out.
  func counters(of buckets: [Bucket]) async throws(ChatError) -> [Bucket: BucketCounter]
  /// The heads of those conversations; what does not exist is left out. A scatter statement.
  func heads(of conversations: [ConversationID]) async throws(ChatError) -> [ConversationID: Int64]
  /// The heads of the conversations of those buckets that have entries after that counter: as many entries are read as
  /// there are. A scatter statement; nil where it would cost more than asking for the heads of all.
  func heads(after counters: [Bucket: Int64]) async throws(ChatError) -> [ConversationID: Int64]?
  /// The same log for callers who are called back; nil where there is none.
  var prompt: (any PromptLog)? { get }
}

/// A log that says by a call what became of a message: where many are sent, a task for each of them to wait in costs
/// more than storing it.
///
/// - Isolation: one loop, which it calls back on.
public protocol PromptLog: Sendable {
  /// Does as ``LogStore/append(_:)``, and calls `told` once, be it before this returns.
  func append(_ message: NewMessage, told: @escaping @Sendable (Result<Appended, ChatError>) -> Void)
}

extension LogStore {
  /// None.
  public var prompt: (any PromptLog)? { nil }

  /// From the truth itself.
  public func entries(
    of conversation: ConversationID, after: Int64, limit: Int, asOf head: Int64
  ) async throws(ChatError) -> [Entry] {
    try await entries(of: conversation, after: after, limit: limit)
  }

  /// From the truth itself.
  public func messages(
    of conversation: ConversationID, page: Page, limit: Int, asOf head: Int64
  ) async throws(ChatError) -> [Message] {
    try await messages(of: conversation, page: page, limit: limit)
  }
}

/// Which part of a history.
public enum Page: Sendable, Hashable {
  /// The newest.
  case latest
  /// The newest below that `seq`.
  case before(Int64)
  /// The oldest above that `seq`.
  case after(Int64)
  /// Half below and including, half above.
  case around(Int64)
}
