import ChatCore
import IORuntime
import MemoryAdapters
import ObjectStore
import Postgres
import PostgresStore
import Redis
import RedisBroker

/// The adapters of one loop, behind the domain's ports.
struct Adapters {
  let users: any UserStore
  let sessions: any SessionStore
  let conversations: any ConversationStore
  let contacts: any ContactStore
  let cleanups: any CleanupStore
  let log: any LogStore
  let messages: any MessageStore
  let files: any FileStore
  let blobs: any BlobStore
  let broker: any Broker
  let limiter: any RateLimiter
  /// The list of the cluster's nodes; none in memory.
  let nodes: NodeList?
  let presence: any PresenceDirectory
  /// Begins to connect.
  let start: () -> Void
  /// Lets go of connections.
  let close: () -> Void
  /// What they have counted; nothing in memory.
  let report: () -> AdapterReport?
}

/// How a node reaches its database.
struct DatabaseLinks {
  /// The primary.
  let primary: PostgresSettings
  /// The same, for statements over several shards.
  let scatter: PostgresSettings
  /// Its replicas.
  let replicas: [PostgresSettings]

  /// As the settings say.
  ///
  /// - Throws: ``PostgresError`` for a URL that means nothing.
  init(_ configuration: Configuration) throws(PostgresError) {
    primary = configuration.postgresSettings
    scatter = primary.forScatter(connections: configuration.database.scatterConnections)
    replicas = try configuration.replicaSettings()
  }
}

/// What the adapters of one loop have counted.
struct AdapterReport: Sendable {
  var database: PostgresCounters
  var sends: SendCounters
  var scatter: ScatterCounters
  var scatterPool: PostgresCounters
  var replicas: ReplicaCounts?
  var broker: BrokerCounters
  var rates: RateBuckets.Counters
  var redis: RedisReport
  var isListening: Bool
  /// The node's, so of one loop only.
  var presence: PresenceCounters?
  /// The node's too.
  var list: NodeListCounters?
}

extension Adapters {
  /// PostgreSQL and Redis.
  ///
  /// - Parameters:
  ///   - loops: of the node, among which a rate is divided while Redis is away.
  ///   - joining: the node's place among the others, of which one of its loops reports.
  ///   - office: the node's presence, which the same loop starts and closes.
  /// - Throws: ``PostgresError`` for a URL that means nothing, `TLSError` for authorities that cannot be read; being
  ///   unreachable is no error here.
  static func cluster(
    loop: EventLoop, database: DatabaseLinks, redis: RedisSettings, configuration: Configuration, loops: Int,
    joining: Joining?, office: RedisPresence, logger: Logger, databaseLog: DatabaseLog, redisLog: RedisLog
  ) throws -> Adapters {
    let pool = try PostgresPool(loop: loop, settings: database.primary, observe: databaseLog.heard)
    let scattering = try PostgresPool(loop: loop, settings: database.scatter, observe: databaseLog.heard)
    let replicas =
      database.replicas.isEmpty
      ? nil : try ReplicaReader(loop: loop, hosts: database.replicas, observe: databaseLog.heard)
    let stores = PostgresStores(
      pool: pool, scattering: scattering, replicas: replicas, limits: configuration.shared.limits,
      report: databaseLog.mistaken, refused: databaseLog.refused)
    let runsOffice = joining != nil
    let client = RedisClient(
      loop: loop, settings: redis, observe: redisLog.observer("publishing", tellsTopology: runsOffice))
    let names = configuration.topicNames
    let topics = RedisTopics(
      loop: loop, client: client, settings: redis, names: names, observe: redisLog.observer("listening"))
    let rates = RateBuckets(loop: loop, client: client, names: names, shares: loops)
    let objects = try configuration.objects(on: loop) { fault in
      logger.error("the service of files refused or was away", .text("fault", fault))
    }
    return Adapters(
      users: stores.users, sessions: stores.sessions, conversations: stores.conversations, contacts: stores.contacts,
      cleanups: stores.cleanups, log: stores.log, messages: stores.messages, files: stores.files,
      blobs: objects ?? stores.blobs, broker: topics,
      limiter: rates, nodes: NodeList(client: client, names: names), presence: office.directory(on: loop),
      start: {
        pool.start()
        scattering.start()
        replicas?.start()
        client.start()
        topics.start()
        if runsOffice { office.start() }
      },
      close: {
        if runsOffice { office.close() }
        topics.close()
        objects?.close()
        client.close()
        replicas?.close()
        scattering.close()
        pool.close()
      },
      report: {
        AdapterReport(
          database: pool.counters, sends: stores.sendCounters, scatter: stores.scatterCounters,
          scatterPool: scattering.counters, replicas: replicas?.counts, broker: topics.counters,
          rates: rates.counters, redis: RedisReport(counters: client.counters, masters: client.masters),
          isListening: topics.isListening,
          presence: runsOffice ? office.counters : nil, list: joining?.counters)
      })
  }

  /// Memory that all loops of the process share.
  static func memory(loop: EventLoop, world: MemoryWorld, bus: MemoryBus, book: PresenceBook) -> Adapters {
    // At once is later in this tick: what a request answers and what it tells leave in one system call.
    let hop: MemoryBroker.Hop = { milliseconds, work in
      if milliseconds <= 0 { loop.execute(work) } else { loop.execute { loop.schedule(after: milliseconds, work) } }
    }
    let broker = MemoryBroker(on: bus, hop: hop)
    let presence = MemoryPresence(in: book, now: EventLoop.monotonicMilliseconds, hop: hop)
    return Adapters(
      users: world, sessions: world, conversations: world, contacts: world, cleanups: world, log: world,
      messages: world, files: world, blobs: world, broker: broker, limiter: MemoryRateLimiter(clock: SystemClock()),
      nodes: nil,
      presence: presence, start: {}, close: {}, report: { nil })
  }
}
