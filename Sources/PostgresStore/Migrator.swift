import IORuntime
import Postgres

/// Brings a database to the schema that this binary knows, and tells whether it is there.
///
/// Any number of migrators may run at once: each step locks the table `schema_version`, so one does it and the others
/// find it done. No advisory locks, which mean nothing on several machines.
///
/// - Isolation: thread-safe; its work is done on the pool's loop.
public struct Migrator: Sendable {
  /// How a schema stands to this binary.
  public enum State: Hashable, Sendable {
    /// Nodes may run.
    case fits
    /// Steps are missing; `martlet migrate` does them.
    case tooOld(found: Int32)
    /// A newer version has taken away what this one needs.
    case tooNew(found: Int32, readableFrom: Int32)
  }

  /// What ``migrate(citus:)`` did.
  public struct Outcome: Sendable {
    /// The steps that it carried out itself.
    public let done: [Migration]
    /// How the tables lie now.
    public let distribution: Distribution
  }

  static let create = Statement(
    "schema.create",
    """
    CREATE TABLE IF NOT EXISTS schema_version (
      version integer PRIMARY KEY, name text NOT NULL, readable_from integer NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now())
    """)
  static let lock = Statement("schema.lock", "LOCK TABLE schema_version IN SHARE ROW EXCLUSIVE MODE")
  static let newest = Statement(
    "schema.newest", "SELECT version, readable_from FROM schema_version ORDER BY version DESC LIMIT 1", repeatable: true
  )
  static let insert = Statement(
    "schema.insert", "INSERT INTO schema_version (version, name, readable_from) VALUES ($1, $2, $3)")

  static let identity = Statement(
    "schema.identity",
    "SELECT (extract(epoch FROM applied_at) * 1000000)::bigint FROM schema_version ORDER BY version LIMIT 1",
    repeatable: true)

  let pool: PostgresPool
  private let migrations: [Migration]
  private var known: Int32 { migrations.last?.version ?? 0 }

  /// A migrator on a pool; for ``migrate()`` the pool's settings are best made by ``settings(from:)``.
  public init(pool: PostgresPool, migrations: [Migration] = Migration.all) {
    self.pool = pool
    self.migrations = migrations
  }

  /// The same database with the patience that a large table may need: no limit on a statement, a day for each step, in
  /// which all rows may be copied onto other machines. For a connection it waits ten minutes, for a lock half a second
  /// at a time: whoever wants the table meanwhile waits behind it.
  public static func settings(from settings: PostgresSettings) -> PostgresSettings {
    var patient = settings
    patient.connections = 1
    patient.queryTimeout = 86_400_000
    patient.statementTimeout = 0
    patient.lockTimeout = 500
    patient.findsByKey = false
    patient.needsCoordinator = true
    patient.applicationName = "martlet migrate"
    return patient
  }

  /// How the schema stands.
  public func state() async throws(PostgresError) -> State {
    let newest: Row?
    do {
      newest = try await pool.query(Self.newest).first
    } catch {
      // No such table: no migrator has been here.
      guard error.sqlstate == "42P01" else { throw error }
      return .tooOld(found: 0)
    }
    guard let newest else { return .tooOld(found: 0) }
    let (version, readableFrom) = (try newest.int4(0), try newest.int4(1))
    if version < known { return .tooOld(found: version) }
    return readableFrom > known ? .tooNew(found: version, readableFrom: readableFrom) : .fits
  }

  /// What tells this database from any other: when its first step was done, to the microsecond. Its standbys and copies
  /// have the same; nil before ``migrate(citus:)``.
  public func identity() async throws(PostgresError) -> String? {
    try await pool.query(Self.identity).first.map { (row) throws(PostgresError) in String(try row.int8(0)) }
  }

  /// Makes sure that nodes of this binary may run.
  ///
  /// - Throws: ``PostgresError/misconfigured(_:)`` with a sentence for the operator.
  public func check() async throws(PostgresError) {
    switch try await state() {
    case .fits: break
    case .tooOld(let found):
      throw .misconfigured(
        "The database's schema is version \(found), this binary needs \(known): run `martlet migrate` first.")
    case .tooNew(let found, let readableFrom):
      throw .misconfigured(
        """
        The database's schema is version \(found), which needs a binary that knows version \(readableFrom); \
        this one knows \(known): install the newer version.
        """)
    }
  }

  /// Carries out the steps that are missing, each in a transaction of its own; gives those it did itself.
  ///
  /// Where a Citus has the tables distributed already, new ones are too, asked for or not: a table that only the
  /// coordinator has would fail every statement that joins it.
  ///
  /// - Parameter citus: into how many shards the tables are cut, if they are to be and are not yet.
  /// - Throws: ``PostgresError/misconfigured(_:)`` with a sentence for the operator, through a worker and where there
  ///   is no Citus to distribute to.
  public func migrate(citus shards: Int? = nil) async throws(PostgresError) -> Outcome {
    let standing = try await CitusStanding.read(from: pool)
    if let standing, !standing.isCoordinator { throw .misconfigured(CitusStanding.workerSentence) }
    if shards != nil {
      guard let standing else { throw .misconfigured(try await CitusStanding.absence(on: pool)) }
      if let obstacle = standing.obstacle { throw .misconfigured(obstacle) }
    }
    try await createTable()
    var done: [Migration] = []
    for migration in migrations {
      let isHere = try await whenUnlocked { () throws(PostgresError) in
        try await carryOut(migration, onCitus: standing != nil)
      }
      if isHere { done.append(migration) }
    }
    guard let standing else { return Outcome(done: done, distribution: .none) }
    guard shards != nil || standing.isDistributed else { return Outcome(done: done, distribution: .notAsked) }
    return Outcome(done: done, distribution: try await distribute(shards: shards ?? Self.shardsDefault))
  }

  private func createTable() async throws(PostgresError) {
    do {
      _ = try await pool.query(Self.create)
    } catch {
      // Two that create it at once: IF NOT EXISTS does not keep them apart, the catalog's unique keys do.
      guard ["23505", "42P07", "42710"].contains(error.sqlstate) else { throw error }
    }
  }

  /// True when it was done here, false when it had been done.
  private func carryOut(_ migration: Migration, onCitus: Bool) async throws(PostgresError) -> Bool {
    try await pool.transaction { (transaction) throws(PostgresError) in
      _ = try await transaction.query(Self.lock)
      let version = try await transaction.query(Self.newest).first?.int4(0) ?? 0
      guard version < migration.version else { return false }
      let isDistributed = onCitus ? try await prepareForCitus(transaction) : false
      for command in SQLScript(migration.sql).commands {
        try await transaction.script(command)
        // At once, since a foreign key of the same step may lead to a distributed table.
        guard isDistributed, let table = SQLScript.tableMade(by: command) else { continue }
        try await transaction.script(Self.distributing(table, shards: Self.shardsDefault))
      }
      let row: [Parameter] = [.int4(migration.version), .text(migration.name), .int4(migration.readableFrom)]
      _ = try await transaction.query(Self.insert, row)
      return true
    }
  }

  private func prepareForCitus(_ transaction: PostgresTransaction) async throws(PostgresError) -> Bool {
    try await Self.begin(transaction)
    if try await transaction.query(Self.isDistributed).first != nil { return true }
    _ = try await transaction.query(Self.unpropagated)
    return false
  }

  /// A step waits only briefly for its locks, so that the statements queueing behind it wait only briefly, and tries
  /// again.
  func whenUnlocked<Value>(_ body: () async throws(PostgresError) -> Value) async throws(PostgresError) -> Value {
    let deadline = EventLoop.monotonicMilliseconds() + 600_000
    while true {
      do {
        return try await body()
      } catch {
        guard error.sqlstate == SQLState.lockNotAvailable, EventLoop.monotonicMilliseconds() < deadline else {
          throw error
        }
        await pool.loop.sleep(Int64.random(in: 100...500))
      }
    }
  }
}
