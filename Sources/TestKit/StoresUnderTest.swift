import ChatCore
import MemoryAdapters

/// One set of stores that belong together: in memory, or PostgreSQL.
public struct StoresUnderTest: Sendable {
  /// Accounts.
  public let users: any UserStore
  /// Sign-in sessions.
  public let sessions: any SessionStore
  /// Conversations and members.
  public let conversations: any ConversationStore
  /// What users are to each other.
  public let contacts: any ContactStore
  /// What accounts that have ended leave behind.
  public let cleanups: any CleanupStore
  /// Logs.
  public let log: any LogStore
  /// Messages after they were sent.
  public let messages: any MessageStore
  /// Files.
  public let files: any FileStore
  /// Their bytes.
  public let blobs: any BlobStore
  /// What comes from other systems.
  public let imports: any ImportStore

  /// Takes the stores; several cases may run on one set, side by side.
  public init(
    users: any UserStore, sessions: any SessionStore, conversations: any ConversationStore,
    contacts: any ContactStore, cleanups: any CleanupStore, log: any LogStore, messages: any MessageStore,
    files: any FileStore, blobs: any BlobStore, imports: any ImportStore
  ) {
    self.users = users
    self.sessions = sessions
    self.conversations = conversations
    self.contacts = contacts
    self.cleanups = cleanups
    self.log = log
    self.messages = messages
    self.files = files
    self.blobs = blobs
    self.imports = imports
  }

  /// All of one memory world.
  public init(_ world: MemoryWorld) {
    self.init(
      users: world, sessions: world, conversations: world, contacts: world, cleanups: world, log: world,
      messages: world, files: world, blobs: world, imports: world)
  }
}
