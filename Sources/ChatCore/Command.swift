/// What a caller asks: a value that knows its reply and the rule it stands for.
public protocol Command: Sendable {
  /// What he gets.
  associatedtype Reply: Sendable
  /// Checks who, limits and repetition, does it, and publishes after the commit.
  ///
  /// - Throws: ``ChatError``: what was refused; the wire says how.
  /// - Isolation: runs on the executor of its caller.
  func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Reply
}

/// What somebody asks who has not signed in: registering, signing in, refreshing.
public protocol OpenCommand: Sendable {
  /// What he gets.
  associatedtype Reply: Sendable
  /// Checks limits and does it.
  ///
  /// - Throws: ``ChatError``.
  func run(in chat: Chat) async throws(ChatError) -> Reply
}

/// Everything that a command may reach: the ports, and the limits. One value a loop; Node fills it.
public struct Chat: Sendable {
  /// Accounts.
  public let users: any UserStore
  /// Sign-in sessions.
  public let sessions: any SessionStore
  /// Conversations and who is in them.
  public let conversations: any ConversationStore
  /// What users are to each other.
  public let contacts: any ContactStore
  /// The logs.
  public internal(set) var log: any LogStore
  /// Messages after they were sent.
  public internal(set) var messages: any MessageStore
  /// What files there are.
  public let files: any FileStore
  /// Their bytes.
  public let blobs: any BlobStore
  /// Passwords and refresh tokens.
  public var credentials: any Credentials
  /// Where committed entries and signals go.
  public internal(set) var publisher: any Publisher
  /// Counts what is told too often.
  public let limiter: any RateLimiter
  /// How large the crowds are that somebody writes to.
  public let crowds: CrowdSizes
  /// Who is there.
  public let presence: any PresenceDirectory
  /// The wall clock.
  public let clock: any Clock
  /// What is too long, too many, too often.
  public var limits: Limits

  /// Takes the ports.
  public init(
    users: any UserStore, sessions: any SessionStore, conversations: any ConversationStore,
    contacts: any ContactStore, log: any LogStore, messages: any MessageStore, files: any FileStore,
    blobs: any BlobStore, credentials: any Credentials, publisher: any Publisher, limiter: any RateLimiter,
    crowds: CrowdSizes = CrowdSizes(), presence: any PresenceDirectory = NoPresence(),
    clock: any Clock, limits: Limits = Limits()
  ) {
    self.users = users
    self.sessions = sessions
    self.conversations = conversations
    self.contacts = contacts
    self.log = log
    self.messages = messages
    self.files = files
    self.blobs = blobs
    self.credentials = credentials
    self.publisher = publisher
    self.limiter = limiter
    self.crowds = crowds
    self.presence = presence
    self.clock = clock
    self.limits = limits
  }
}
