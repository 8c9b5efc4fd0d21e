import ChatCore
import IORuntime
import Postgres
import PostgresStore

/// Lets a node start only on a schema that it knows.
enum SchemaGate {
  /// Waits for the database, then checks the schema, and gives what tells the database from any other.
  ///
  /// - Throws: ``StartFailure`` for a schema that does not fit, and when the database stays away.
  static func wait(
    on loop: EventLoop, _ settings: PostgresSettings, patience: Milliseconds, _ logger: Logger
  ) async throws(StartFailure) -> String? {
    var settings = settings
    settings.connections = 1
    let pool: PostgresPool
    do throws(PostgresError) {
      pool = try PostgresPool(loop: loop, settings: settings)
    } catch {
      throw StartFailure("MARTLET_DATABASE_URL: \(error)", isConfiguration: true)
    }
    pool.start()
    defer { pool.close() }
    let deadline = loop.now + patience
    while true {
      do throws(PostgresError) {
        try await Migrator(pool: pool).check()
        return try await Migrator(pool: pool).identity()
      } catch {
        if case .misconfigured(let sentence) = error { throw StartFailure(sentence) }
        guard EventLoop.monotonicMilliseconds() < deadline else {
          throw StartFailure("The database has been away for \(patience / 1_000) s: \(error)")
        }
        logger.warning("waiting for the database", .text("reason", "\(error)"))
        await loop.sleep(500)
      }
    }
  }
}

extension Configuration {
  /// How the database is reached.
  var postgresSettings: PostgresSettings {
    var settings = PostgresSettings(url: database.url?.revealed ?? "")
    settings.connections = database.connectionsPerLoop
    settings.queryTimeout = database.deadline
    settings.statementTimeout = max(100, database.deadline - 500)
    return settings
  }

  /// How its replicas are reached, one by one; none unless the settings name some.
  ///
  /// - Throws: ``PostgresError`` for a URL that means nothing.
  func replicaSettings() throws(PostgresError) -> [PostgresSettings] {
    guard let url = database.replicaURL else { return [] }
    var settings = postgresSettings
    settings.url = url.revealed
    return try settings.forReplica(connections: database.replicaConnections, deadline: database.replicaDeadline)
      .eachHost()
  }
}
