import Postgres
import PostgresStore

/// `martlet migrate [--citus [--shards N]]`: brings the schema up to date; safe to run again, and by several at once.
///
/// With `--citus` the tables are cut into shards where they are not yet. Nodes of Martlet are stopped the first time,
/// since the tables are locked while their rows are copied.
enum Migrate {
  static func run(_ invocation: Program.Invocation) -> Int32 {
    let shards: Int?
    do throws(StartFailure) {
      shards = try wanted(invocation.arguments)
    } catch {
      return Program.refuse(error.description)
    }
    if let advice = advice(on: shards) { Terminal.complain(advice) }
    guard let configuration = OneLoop.configuration(invocation, for: .migrate) else { return OneLoop.wrongSettings }
    let settings = Migrator.settings(from: configuration.postgresSettings)
    return OneLoop.run { loop in
      do throws(PostgresError) {
        let pool = try PostgresPool(loop: loop, settings: settings)
        pool.start()
        defer { pool.close() }
        let outcome = try await Migrator(pool: pool).migrate(citus: shards)
        Terminal.print(sentences(of: outcome).joined(separator: "\n"))
        return 0
      } catch {
        Terminal.complain("The schema could not be brought up to date: \(error)")
        return 1
      }
    }
  }

  /// How many shards are asked for; nil: none.
  static func wanted(_ arguments: [String]) throws(StartFailure) -> Int? {
    switch arguments {
    case []: return nil
    case ["--citus"]: return Migrator.shardsDefault
    case let given where given.count == 3 && given.starts(with: ["--citus", "--shards"]):
      guard let count = Int(given[2]), 1...Migrator.shardsMax ~= count else {
        throw StartFailure("--shards takes a number from 1 to \(Migrator.shardsMax).")
      }
      return count
    default: throw StartFailure("migrate takes --citus, and with it --shards and a number; nothing else.")
    }
  }

  /// All shards of all tables are made in one transaction, which holds a lock on each of them and of their indexes:
  /// PostgreSQL's own 64 for each connection do for some hundred shards.
  static func advice(on shards: Int?) -> String? {
    guard let shards, shards > 256 else { return nil }
    return """
      \(shards) shards are made in one transaction, with a lock on each: it is refused as out of shared memory unless \
      max_locks_per_transaction is about \(shards) on every node, the coordinator too.
      """
  }

  private static func sentences(of outcome: Migrator.Outcome) -> [String] {
    let steps = outcome.done.map { "Applied \($0.name)." }
    let schema = steps.isEmpty ? ["The schema is up to date."] : steps
    switch outcome.distribution {
    case .none: return schema
    case .notAsked:
      return schema + ["This is a Citus, and all tables lie on its coordinator: `migrate --citus` distributes them."]
    case .distributed(let shards, let now):
      let cut = now.map { "Distributed \($0)." }
      return schema + cut + ["All tables are distributed, in \(shards) shards."]
    }
  }
}
