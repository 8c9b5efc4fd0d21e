import Postgres
import PostgresStore
import TestKit
import Testing

@Suite("The migrator")
struct MigratorTests {
  @Test("brings an empty database to the schema once, however many do it at once")
  func atOnce() async throws {
    let url = try await PrivatePostgres.shared().database()
    let place = try await PrivatePostgres.shared().migratingURL(of: url)
    let migrators = try (0..<4).map { _ in try Database(place) { $0 = Migrator.settings(from: $0) } }
    let done = try await withThrowingTaskGroup(of: [String].self) { group in
      for database in migrators {
        group.addTask { try await Migrator(pool: database.pool).migrate().done.map(\.name) }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    // Each may have done some; names begin with their numbers.
    #expect(done.sorted() == Migration.all.map(\.name))
    let state = try await Migrator(pool: migrators[0].pool).state()
    #expect(state == .fits)
    let again = try await Migrator(pool: migrators[0].pool).migrate().done
    #expect(again.isEmpty)
    for database in migrators { await database.close() }
    try await PrivatePostgres.shared().drop(url)
  }

  @Test("says of an empty database what to run, and of a newer one what to install")
  func sentences() async throws {
    let server = try await PrivatePostgres.shared()
    let database = try await Database(server.migratingURL(of: server.database())) { $0 = Migrator.settings(from: $0) }
    let migrator = Migrator(pool: database.pool)
    let known = Migration.known
    #expect(
      await sentence(migrator)
        == "The database's schema is version 0, this binary needs \(known): run `martlet migrate` first.")
    _ = try await migrator.migrate()
    #expect(await sentence(migrator) == nil)
    try await server.sql("INSERT INTO schema_version VALUES (100, 'later', 1)", in: database.url)
    #expect(await sentence(migrator) == nil, "a newer schema that this binary can read")
    try await server.sql("INSERT INTO schema_version VALUES (101, 'much later', 101)", in: database.url)
    #expect(
      await sentence(migrator)
        == """
        The database's schema is version 101, which needs a binary that knows version 101; this one knows \
        \(known): install the newer version.
        """)
    await database.close()
    await server.drop(database.url)
  }

  @Test("waits for a lock half a second at a time, since all who want the table wait behind it")
  func patience() async throws {
    let server = try await PrivatePostgres.shared()
    let database = try await Database(server.migratingURL(of: server.database())) { $0 = Migrator.settings(from: $0) }
    let asked = Statement("test.lock_timeout", "SELECT current_setting('lock_timeout')")
    #expect(try await database.pool.query(asked).first?.text(0) == "500ms")
    await database.close()
    await server.drop(database.url)
  }

  private func sentence(_ migrator: Migrator) async -> String? {
    do {
      try await migrator.check()
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test("a step that fails leaves nothing behind")
  func failingStep() async throws {
    let server = try await PrivatePostgres.shared()
    let database = try await Database(server.migratingURL(of: server.database())) { $0 = Migrator.settings(from: $0) }
    let broken = Migration(
      version: 1, name: "broken", sql: "CREATE TABLE left_over (a int);\nSELECT no_such_function();")
    await #expect(throws: PostgresError.self) {
      try await Migrator(pool: database.pool, migrations: [broken]).migrate()
    }
    let count = Statement("left", "SELECT count(*) FROM pg_class WHERE relname = 'left_over'")
    let left = try await database.pool.query(count).first?.int8(0)
    #expect(left == 0)
    await database.close()
    await server.drop(database.url)
  }
}
