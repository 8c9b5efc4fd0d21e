import ChatCore
import Postgres

/// The stores of ChatCore on one pool, so of one loop.
///
///     let pool = try PostgresPool(loop: loop, settings: PostgresSettings(url: url))
///     let stores = PostgresStores(pool: pool)
///     let chat = Chat(users: stores.users, sessions: stores.sessions, …)
///
/// - Isolation: thread-safe; the work is done on the pool's loop.
public struct PostgresStores: Sendable {
  /// Accounts.
  public let users: PostgresUsers
  /// Sign-in sessions.
  public let sessions: PostgresSessions
  /// Conversations and members.
  public let conversations: PostgresConversations
  /// What users are to each other.
  public let contacts: PostgresContacts
  /// What accounts that have ended leave behind.
  public let cleanups: PostgresCleanup
  /// Logs.
  public let log: PostgresLog
  /// Messages after they were sent.
  public let messages: PostgresMessages
  /// What comes from other systems.
  public let imports: PostgresImport
  /// Files.
  public let files: PostgresFiles
  /// Their bytes.
  public let blobs: PostgresBlobs
  private let desk: ScatterDesk

  /// Makes them.
  ///
  /// - Parameters:
  ///   - scattering: the pool of statements over several shards; the same when nil, for tools.
  ///   - replicas: where pages of the past are asked for first; none reads all from the pool.
  ///   - bucketsPerTransaction: how many lanes of sends one transaction may carry when many are ready; 1 on Citus.
  ///   - stepwise: whether messages are stored as on Citus; nil, the default: when the server is one.
  ///   - report: told of our own mistakes, to be logged as errors.
  ///   - refused: told of each statement that the server refused for now.
  public init(
    pool: PostgresPool, scattering: PostgresPool? = nil, replicas: ReplicaReader? = nil, limits: Limits = Limits(),
    bucketsPerTransaction: Int = 16, stepwise: Bool? = nil,
    report: @escaping @Sendable (String) -> Void = { _ in },
    refused: @escaping @Sendable (ServerRefusal) -> Void = { _ in }
  ) {
    let failure = StoreFailure(report: report, refused: refused)
    let desk = ScatterDesk(pool: scattering ?? pool)
    let ids = IdBlocks(pool: pool, desk: desk)
    self.desk = desk
    users = PostgresUsers(pool: pool, ids: ids, failure: failure, desk: desk)
    sessions = PostgresSessions(pool: pool, ids: ids, failure: failure, desk: desk, idleMax: limits.sessionIdleMax)
    conversations = PostgresConversations(
      pool: pool, ids: ids, failure: failure, desk: desk, membersShown: limits.membersShownMax,
      conversationsMax: limits.conversationsPerUserMax)
    contacts = PostgresContacts(pool: pool, failure: failure, desk: desk)
    cleanups = PostgresCleanup(pool: pool, failure: failure, desk: desk)
    imports = PostgresImport(
      pool: pool, ids: ids, failure: failure, users: users, contacts: contacts, conversations: conversations)
    let lanes = SendLanes(pool: pool, failure: failure, bucketsMax: bucketsPerTransaction, stepwise: stepwise)
    log = PostgresLog(pool: pool, lanes: lanes, failure: failure, replicas: replicas, desk: desk)
    messages = PostgresMessages(pool: pool, failure: failure)
    files = PostgresFiles(pool: pool, failure: failure)
    blobs = PostgresBlobs(pool: pool, failure: failure)
  }

  /// What was counted of statements over several shards; on the loop only.
  public var scatterCounters: ScatterCounters { desk.counters }

  /// What the send lanes have counted; on the loop only.
  public var sendCounters: SendCounters { log.lanes.counters }

  /// Every statement that the stores send, for the test that each stays on one shard.
  package static let statements =
    [IdBlocks.take] + SendBatch.statements + WritePlan.statements + PostgresUsers.statements
    + PostgresSessions.statements
    + PostgresConversations.statements + PostgresContacts.statements + PostgresLog.statements
    + PostgresMessages.statements + PostgresImport.statements + PostgresFiles.statements + PostgresBlobs.statements
    + PostgresCleanup.statements
}
