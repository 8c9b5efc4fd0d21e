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
  /// Logs.
  public let log: any LogStore
  /// Files.
  public let files: any FileStore
  /// Their bytes.
  public let blobs: any BlobStore

  /// Takes the stores; several cases may run on one set, side by side.
  public init(
    users: any UserStore, sessions: any SessionStore, conversations: any ConversationStore, log: any LogStore,
    files: any FileStore, blobs: any BlobStore
  ) {
    self.users = users
    self.sessions = sessions
    self.conversations = conversations
    self.log = log
    self.files = files
    self.blobs = blobs
  }

  /// All of one memory world.
  public init(_ world: MemoryWorld) {
    self.init(users: world, sessions: world, conversations: world, log: world, files: world, blobs: world)
  }
}
