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
        let identity = try await Migrator(pool: pool).identity()
        tell(lead: try await DatabaseClock.lead(on: pool), logger)
        return identity
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

  /// A node that finds them apart serves: which of the two is wrong it cannot know, and the database's does no harm to
  /// tokens.
  static func tell(lead: Int64, _ logger: Logger) {
    guard lead.magnitude > DatabaseClock.apartMax.magnitude else { return }
    logger.warning(
      "the database's clock is another", .number("ahead_ms", lead),
      .text("meaning", "if this machine's is wrong, other nodes refuse this one's tokens and what it passes on: NTP"))
  }
}
