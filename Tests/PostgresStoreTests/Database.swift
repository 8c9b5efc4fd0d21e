import ChatCore
import IORuntime
import Postgres
import PostgresStore
import Synchronization
import TestKit
import Testing

/// A running loop with stores on a migrated database: what a node holds for one of its loops.
final class Database: Sendable {
  let url: String
  let loop: EventLoop
  let pool: PostgresPool
  let scattering: PostgresPool
  let stores: PostgresStores
  let replicas: ReplicaReader?

  /// The stores, for the contract; with replicas, pages are read as of their heads.
  var underTest: StoresUnderTest { underTest(past: replicas != nil) }

  /// The same, with pages read as of their heads or not.
  func underTest(past: Bool) -> StoresUnderTest {
    StoresUnderTest(
      users: stores.users, sessions: stores.sessions, conversations: stores.conversations,
      contacts: stores.contacts, cleanups: stores.cleanups, log: past ? PastReadingLog(stores.log) : stores.log,
      messages: stores.messages, files: stores.files,
      blobs: stores.blobs, imports: stores.imports)
  }

  /// Opens a database that is there; a report of a mistake of ours fails the running test, unless it is expected.
  init(
    _ url: String, stepwise: Bool? = nil, _ adjust: (inout PostgresSettings) -> Void = { _ in },
    replicas urls: [String] = [], onlyStandbys: Bool = true,
    reporting expected: @escaping @Sendable (String) -> Bool = { _ in false }
  ) throws {
    self.url = url
    loop = try EventLoop(name: "database")
    try loop.start()
    var settings = PostgresSettings(url: url)
    adjust(&settings)
    pool = try PostgresPool(loop: loop, settings: settings)
    var hosts: [PostgresSettings] = []
    for url in urls {
      var settings = PostgresSettings(url: url)
      adjust(&settings)
      // The tests count outcomes: late is only who stands still, not who waits for a core.
      hosts.append(settings.forReplica(connections: 2, deadline: 5_000))
    }
    replicas = urls.isEmpty ? nil : try ReplicaReader(loop: loop, hosts: hosts, onlyStandbys: onlyStandbys)
    replicas?.start()
    scattering = try PostgresPool(loop: loop, settings: settings.forScatter(connections: 3))
    stores = PostgresStores(pool: pool, scattering: scattering, replicas: replicas, stepwise: stepwise) { report in
      if !expected(report) { Issue.record("\(report)") }
    }
  }

  /// Makes the schema.
  func migrate() async throws {
    let place = try await PrivatePostgres.shared().migratingURL(of: url)
    let ends = try Database(place) { $0 = Migrator.settings(from: $0) }
    do {
      let shards = try await PrivatePostgres.shards(of: url)
      _ = try await Migrator(pool: ends.pool).migrate(citus: shards)
      await ends.close()
    } catch {
      await ends.close()
      throw error
    }
  }

  /// What the send lanes have counted, read on their loop.
  var sendCounters: SendCounters {
    get async {
      await withCheckedContinuation { continuation in
        loop.execute { continuation.resume(returning: self.stores.sendCounters) }
      }
    }
  }

  /// What the connections have counted, read on their loop.
  var connectionCounters: PostgresCounters {
    get async {
      await withCheckedContinuation { continuation in
        loop.execute { continuation.resume(returning: self.pool.counters) }
      }
    }
  }

  /// What was counted of replicas so far, read on their loop.
  var replicaCounts: ReplicaCounts {
    get async {
      await withCheckedContinuation { continuation in
        loop.execute { continuation.resume(returning: self.replicas?.counts ?? ReplicaCounts()) }
      }
    }
  }

  /// What came of asking them for pages.
  var replicaPages: [ReplicaOutcome: Int] { get async { await replicaCounts.pages } }

  /// What was counted of statements over several shards, read on their loop.
  var scatterCounters: ScatterCounters {
    get async {
      await withCheckedContinuation { continuation in
        loop.execute { continuation.resume(returning: self.stores.scatterCounters) }
      }
    }
  }

  func close() async {
    if let replicas { await withCheckedContinuation { continuation in replicas.close { continuation.resume() } } }
    await withCheckedContinuation { continuation in scattering.close { continuation.resume() } }
    await withCheckedContinuation { continuation in pool.close { continuation.resume() } }
    loop.stop()
  }

  /// Runs a body on a fresh, migrated database.
  static func with<Value: Sendable>(
    on server: PrivatePostgres? = nil, _ adjust: (inout PostgresSettings) -> Void = { _ in },
    _ body: (Database) async throws -> Value, reporting expected: @escaping @Sendable (String) -> Bool = { _ in false }
  ) async throws -> Value {
    let given = if let server { server } else { try await PrivatePostgres.shared() }
    let database = try await Database(given.database(), adjust, reporting: expected)
    do {
      try await database.migrate()
      let value = try await body(database)
      await database.close()
      await given.drop(database.url)
      return value
    } catch {
      await database.close()
      await given.drop(database.url)
      throw error
    }
  }

  /// Two loops on one database that all cases of the contract share, as two nodes would.
  static let pair = Task { () throws -> (Database, Database) in
    let url = try await PrivatePostgres.shared().database()
    let first = try Database(url)
    try await first.migrate()
    return (first, try Database(url))
  }

  /// A loop that stores messages as on Citus, on a database of its own.
  static let stepwise = Task { () throws -> Database in
    let database = try await Database(PrivatePostgres.shared().database(), stepwise: true)
    try await database.migrate()
    return database
  }
}
