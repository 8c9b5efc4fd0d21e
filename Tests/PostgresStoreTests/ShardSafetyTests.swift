import Foundation
import Postgres
import TestKit
import Testing

@testable import PostgresStore

/// Whether the schema and its statements would stand on several machines, found out on one: every table is cut by hash
/// of its bucket into four partitions, and no statement may look at two of them. The server is the process' own, since
/// it logs each plan.
///
/// - Source: reliability.md A1.6 and rules R1–R6.
@Suite("Shard safety")
struct ShardSafetyTests {
  /// Statements that ask several shards on purpose, as the module's page lists them with what they are held to. A new
  /// line there is looked at twice.
  @Test("statements that scatter stand on the module's page, each with its limits and the reason")
  func scatterListed() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../Sources/PostgresStore/Documentation.docc/PostgresStore.md")
    let written = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| `") }
    let rows = PostgresStores.statements.compactMap { statement in
      statement.scatter.map { Self.line(statement.name, $0) }
    }
    #expect(Set(rows) == Set(written.map(String.init)), "\(rows.sorted().joined(separator: "\n"))")
    #expect(rows.count == 12)
    #expect(Set(PostgresStores.statements.map(\.name)).count == PostgresStores.statements.count, "names are unique")
  }

  private static func line(_ name: String, _ scatter: Scatter) -> String {
    let shared = scatter.sharing == .waiting ? "while it waits" : "also under way"
    let kept = scatter.keptFor == 0 ? "no" : "\(scatter.keptFor) ms"
    let order = scatter.isUrgent ? "first" : ""
    let cells = ["`\(name)`", "\(scatter.most)", "\(scatter.deadline) ms", order, shared, kept, scatter.reason]
    return "| " + cells.joined(separator: " | ") + " |"
  }

  @Test("the contract runs on a partitioned schema, and each plan touches one partition")
  func eachPlanTouchesOnePartition() async throws {
    let server = try await PrivatePostgres.start(settings: [
      "shared_preload_libraries=auto_explain", "auto_explain.log_min_duration=0", "auto_explain.log_analyze=on",
      "auto_explain.log_timing=off", "auto_explain.log_nested_statements=on", "plan_cache_mode=force_custom_plan",
    ])
    defer { server.end() }
    // Plans for any parameter name all partitions; those made for one parameter name what it needs.
    let url = try await server.database()
    // Its own replica, so that the statements for replicas are looked at too.
    let database = try Database(url, stepwise: false, { $0.findsByKey = false }, replicas: [url], onlyStandbys: false)
    _ = try await Migrator(pool: database.pool, migrations: Migration.all.map(partitioned)).migrate()
    // Adding foreign keys looks through whole tables; that is the operator's hour.
    let logged = server.log().utf8.count
    for past in [false, true] {
      for contractCase in AdapterContract.all { try await contractCase.run(database.underTest(past: past)) }
    }
    await database.close()
    let stepwise = try Database(url, stepwise: true) { $0.findsByKey = false }
    for contractCase in AdapterContract.all { try await contractCase.run(stepwise.underTest) }
    await stepwise.close()

    let plans = LoggedPlan.all(in: String(decoding: server.log().utf8.dropFirst(logged), as: UTF8.self))
    // In both texts: a loop that has not reached its server yet asks as on a Citus.
    let scattering = Set(
      PostgresStores.statements.filter(\.scatters).flatMap { [squeezed($0.sql), squeezed($0.pruned.sql)] })
    var seen: Set<String> = []
    var single = 0
    for plan in plans {
      seen.insert(plan.query)
      if scattering.contains(plan.query) { continue }
      #expect(plan.partitions.count <= 1, "\(plan.query) touches \(plan.partitions)")
      single += plan.partitions.count
    }
    #expect(single > 1_000, "plans were read: \(plans.count)")
    for statement in PostgresStores.statements {
      #expect(seen.contains(squeezed(statement.sql)), "\(statement.name) was never carried out")
    }
  }

  @Test("a statement without its bucket would be found")
  func theTestCanFail() {
    let log = """
      2026-01-01 00:00:00.000 UTC [7] LOG:  duration: 0.1 ms  plan:
      \tQuery Text: SELECT head FROM conversation WHERE id = $1
      \tAppend  (cost=0.15..8.17 rows=1 width=8) (actual rows=1 loops=1)
      \t  ->  Seq Scan on conversation_part0 c_1  (cost=0.00..1.00 rows=1 width=8) (actual rows=0 loops=1)
      \t  ->  Index Scan using conversation_part3_pkey on conversation_part3 c_2  (cost=0.15..8.17) (actual rows=1)
      \t  ->  Seq Scan on conversation_part2 c_3  (cost=0.00..1.00 rows=1 width=8) (never executed)
      2026-01-01 00:00:00.000 UTC [7] LOG:  something else
      """
    let plans = LoggedPlan.all(in: log)
    #expect(plans.map(\.query) == ["SELECT head FROM conversation WHERE id = $1"])
    #expect(plans.first?.partitions == [0, 2, 3])
  }

  @Test("the schema and the statements keep to what every engine has")
  func textLint() {
    let banned = [
      "serial", "identity", "nextval", "trigger", "listen", "notify", "advisory", "generated", "fillfactor", "with (",
      "unlogged", "partition by hash",
    ]
    for (name, sql) in Self.texts {
      let lower = squeezed(Self.withoutComments(sql)).lowercased()
      for word in banned { #expect(!lower.contains(word), "\(name) says \(word)") }
      for insert in lower.matches(of: /insert into (\w+)( as \w+)? \(([^)]*)\) (values \(|select )([^, ]+)/) {
        let (table, columns, value) = (insert.1, insert.3, insert.5)
        guard table != "schema_version" else { continue }
        #expect(columns.hasPrefix("bucket,"), "\(name): the first column of \(table)")
        #expect(["$1", "the_bucket", "number"].contains(value), "\(name): the bucket put into \(table) is \(value)")
      }
    }
    #expect(Self.texts.count > 30)
  }

  @Test("every table begins its keys with the bucket, and references stay in one world")
  func tables() throws {
    let worlds = [
      ["chat_user", "user_session", "user_conversation", "username_claim", "contact", "file"],
      ["conversation", "member", "entry", "contact_pair", "conversation_file"],
    ]
    for migration in Migration.all {
      let sql = squeezed(Self.withoutComments(migration.sql))
      for table in sql.matches(of: /CREATE TABLE (\w+) \((.*?)\);/) {
        #expect(table.2.hasPrefix(" bucket smallint NOT NULL,"), "\(table.1)")
        #expect(table.2.contains(/PRIMARY KEY \(bucket[,)]/), "\(table.1)")
        #expect(!table.2.contains("REFERENCES"), "\(table.1): foreign keys are added later")
        for unique in table.2.matches(of: /UNIQUE \((\w+)/) { #expect(unique.1 == "bucket", "\(table.1)") }
      }
      for index in sql.matches(of: /CREATE UNIQUE INDEX (\w+) ON \w+ \((\w+)/) {
        #expect(index.2 == "bucket", "\(index.1)")
      }
      for key in sql.matches(of: /ALTER TABLE (\w+) ADD CONSTRAINT \w+ FOREIGN KEY \((\w+), \w+\) REFERENCES (\w+)/) {
        #expect(key.2 == "bucket")
        #expect(worlds.contains { $0.contains(String(key.1)) && $0.contains(String(key.3)) }, "\(key.1) -> \(key.3)")
      }
    }
  }

  private static let texts: [(name: String, sql: String)] =
    PostgresStores.statements.map { ($0.name, $0.sql) } + Migration.all.map { ($0.name, $0.sql) }

  private static func withoutComments(_ sql: String) -> String {
    sql.split(separator: "\n", omittingEmptySubsequences: false).map { $0.prefix { $0 != "-" } + rest(of: $0) }
      .joined(separator: "\n")
  }

  /// What follows the first minus, unless it begins a comment.
  private static func rest(of line: Substring) -> Substring {
    guard let minus = line.firstIndex(of: "-") else { return "" }
    if line[minus...].hasPrefix("--") { return "" }
    return line[minus...].prefix(1) + line[line.index(after: minus)...].prefix { $0 != "-" }
  }

  /// The same step with every table in four partitions.
  private func partitioned(_ migration: Migration) -> Migration {
    let sql = migration.sql.replacing(/CREATE TABLE (\w+) \((.*?)\n\);/.dotMatchesNewlines()) { match in
      let parts = (0..<4).map {
        "CREATE TABLE \(match.1)_part\($0) PARTITION OF \(match.1) FOR VALUES WITH (MODULUS 4, REMAINDER \($0));"
      }
      return "CREATE TABLE \(match.1) (\(match.2)\n) PARTITION BY HASH (bucket);\n" + parts.joined(separator: "\n")
    }
    return Migration(version: migration.version, name: migration.name, sql: sql)
  }
}

/// A plan as auto_explain writes it into the server's log.
private struct LoggedPlan {
  let query: String
  let partitions: Set<Int>

  /// Log lines begin with a time; what belongs to the line before begins with a tab.
  static func all(in log: String) -> [LoggedPlan] {
    var plans: [LoggedPlan] = []
    var lines: [Substring] = []
    func end() {
      if let plan = LoggedPlan(lines) { plans.append(plan) }
      lines = []
    }
    for line in log.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.contains("  plan:") && line.contains("duration: ") {
        end()
        lines = [line]
      } else if line.hasPrefix("\t"), !lines.isEmpty {
        lines.append(line.dropFirst())
      } else {
        end()
      }
    }
    end()
    return plans
  }

  private init?(_ lines: [Substring]) {
    guard lines.count > 1, let root = lines.firstIndex(where: { $0.contains("  (cost=") }) else { return nil }
    query = squeezed(lines[1..<root].joined(separator: " ").replacing("Query Text: ", with: ""))
    partitions = Set(
      lines[root...].flatMap { line in line.matches(of: /_part(\d)/).compactMap { Int($0.1) } })
  }
}

/// One space where there was any white space.
private func squeezed(_ text: String) -> String {
  text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
}
