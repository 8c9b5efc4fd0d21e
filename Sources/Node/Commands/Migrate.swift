import Postgres
import PostgresStore

/// `martlet migrate`: brings the schema up to date; safe to run again, and by several at once.
enum Migrate {
  static func run(_ invocation: Program.Invocation) -> Int32 {
    guard invocation.arguments.isEmpty else { return Program.refuse("migrate takes no arguments.") }
    guard let configuration = OneLoop.configuration(invocation, for: .migrate) else { return OneLoop.wrongSettings }
    let settings = Migrator.settings(from: configuration.postgresSettings)
    return OneLoop.run { loop in
      do throws(PostgresError) {
        let pool = try PostgresPool(loop: loop, settings: settings)
        pool.start()
        defer { pool.close() }
        let done = try await Migrator(pool: pool).migrate()
        Terminal.print(
          done.isEmpty ? "The schema is up to date." : done.map { "Applied \($0.name)." }.joined(separator: "\n"))
        return 0
      } catch {
        Terminal.complain("The schema could not be brought up to date: \(error)")
        return 1
      }
    }
  }
}
