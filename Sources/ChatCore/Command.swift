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
///
/// - Cost: one reference; what it holds would be half a kilobyte and a dozen references in each task that has it.
public struct Chat: Sendable {
  private struct Ports: Sendable {
    let users: any UserStore
    let sessions: any SessionStore
    let conversations: any ConversationStore
    let contacts: any ContactStore
    let cleanups: any CleanupStore
    var log: any LogStore
    var messages: any MessageStore
    let files: any FileStore
    let blobs: any BlobStore
    var credentials: any Credentials
    var publisher: any Publisher
    let limiter: any RateLimiter
    let crowds: CrowdSizes
    let presence: any PresenceDirectory
    let clock: any Clock
    var limits: Limits
    let accountEnded: @Sendable (UserID) -> Void
  }

  private final class Shared: Sendable {
    let ports: Ports

    init(_ ports: Ports) { self.ports = ports }
  }

  private var shared: Shared

  private var ports: Ports {
    get { shared.ports }
    set { shared = Shared(newValue) }
  }

  /// Takes the ports.
  ///
  /// - Parameter accountEnded: told of each account that has ended here, to begin with ``AccountCleanup`` at once.
  public init(
    users: any UserStore, sessions: any SessionStore, conversations: any ConversationStore,
    contacts: any ContactStore, cleanups: any CleanupStore, log: any LogStore, messages: any MessageStore,
    files: any FileStore, blobs: any BlobStore, credentials: any Credentials, publisher: any Publisher,
    limiter: any RateLimiter,
    crowds: CrowdSizes = CrowdSizes(), presence: any PresenceDirectory = NoPresence(),
    clock: any Clock, limits: Limits = Limits(), accountEnded: @escaping @Sendable (UserID) -> Void = { _ in }
  ) {
    shared = Shared(
      Ports(
        users: users, sessions: sessions, conversations: conversations, contacts: contacts, cleanups: cleanups,
        log: log, messages: messages, files: files, blobs: blobs, credentials: credentials, publisher: publisher,
        limiter: limiter, crowds: crowds, presence: presence, clock: clock, limits: limits,
        accountEnded: accountEnded))
  }

  /// Accounts.
  public var users: any UserStore { shared.ports.users }
  /// Sign-in sessions.
  public var sessions: any SessionStore { shared.ports.sessions }
  /// Conversations and who is in them.
  public var conversations: any ConversationStore { shared.ports.conversations }
  /// What users are to each other.
  public var contacts: any ContactStore { shared.ports.contacts }
  /// What accounts that have ended leave behind.
  public var cleanups: any CleanupStore { shared.ports.cleanups }
  /// The logs.
  public internal(set) var log: any LogStore {
    get { shared.ports.log }
    set { ports.log = newValue }
  }
  /// Messages after they were sent.
  public internal(set) var messages: any MessageStore {
    get { shared.ports.messages }
    set { ports.messages = newValue }
  }
  /// What files there are.
  public var files: any FileStore { shared.ports.files }
  /// Their bytes.
  public var blobs: any BlobStore { shared.ports.blobs }
  /// Passwords and refresh tokens.
  public var credentials: any Credentials {
    get { shared.ports.credentials }
    set { ports.credentials = newValue }
  }
  /// Where committed entries and signals go.
  public internal(set) var publisher: any Publisher {
    get { shared.ports.publisher }
    set { ports.publisher = newValue }
  }
  /// Counts what is told too often.
  public var limiter: any RateLimiter { shared.ports.limiter }
  /// How large the crowds are that somebody writes to.
  public var crowds: CrowdSizes { shared.ports.crowds }
  /// Who is there.
  public var presence: any PresenceDirectory { shared.ports.presence }
  /// The wall clock.
  public var clock: any Clock { shared.ports.clock }
  /// Told of each account that has ended here.
  var accountEnded: @Sendable (UserID) -> Void { shared.ports.accountEnded }
  /// What is too long, too many, too often.
  public var limits: Limits {
    get { shared.ports.limits }
    set { ports.limits = newValue }
  }
}
