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
