import Postgres
import Testing

@testable import PostgresStore
@testable import TestKit

/// Forms of SQL that plain PostgreSQL takes and Citus refuses, or carries out by way of files on every node; found in
/// the text, since no Citus is there when most people run the tests.
///
/// - Source: reliability.md A1.2; Citus' planner (router and insert-select planning, what it says of modifications).
@Suite("Forms that Citus does not take")
struct CitusFormsTests {
  /// Sent to plain PostgreSQL only; `send_stepwise`, and `log.heads`, stand for them on a Citus.
  private static let plainOnly: Set<String> = ["send_batch", "send_messages", "store_messages", "log.entries_after"]

  @Test("no statement has one", arguments: PostgresStores.statements.map(\.name).filter { !plainOnly.contains($0) })
  func statements(_ name: String) throws {
    let statement = try #require(PostgresStores.statements.first { $0.name == name })
    for command in SQLScript(statement.sql).commands {
      #expect(Form.all.filter { $0.isIn(command) }.map(\.name) == [])
      if statement.scatters { #expect(Form.scattering.filter { $0.isIn(command) }.map(\.name) == []) }
    }
  }

  @Test("nor has what a Citus alone is asked")
  func ofCitusAlone() {
    let scattered = PostgresStores.statements.filter { $0.scatters && !Self.plainOnly.contains($0.name) }.map(\.pruned)
    for statement in scattered + [PostgresCleanup.idleThere] {
      #expect((Form.all + Form.scattering).filter { $0.isIn(statement.sql) }.map(\.name) == [], "\(statement.name)")
    }
  }

  @Test("the page that says how each goes on Citus names them all")
  func page() throws {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let page = PrivatePostgres.contents(of: "\(root)/Sources/PostgresStore/Documentation.docc/OnCitus.md")
    for statement in PostgresStores.statements where statement.name != "log.store_messages" {
      let short = try #require(statement.name.split(separator: ".").last)
      #expect(page.contains("`\(statement.name)`") || page.contains("`.\(short)`"), "\(statement.name)")
    }
  }

  @Test("no function has one, as it stands after all migrations")
  func functions() {
    var latest: [String: String] = [:]
    for command in Migration.all.flatMap({ SQLScript($0.sql).commands }) {
      if let made = command.firstMatch(of: /CREATE (?:OR REPLACE )?FUNCTION (\w+)/) {
        latest[String(made.1)] = command
      }
    }
    #expect(latest.count >= 8)
    for (name, function) in latest where !Self.plainOnly.contains(name) {
      let body = function.split(separator: "$$").dropFirst().first ?? ""
      for command in SQLScript(String(body)).commands {
        #expect(Form.all.filter { $0.isIn(command) }.map(\.name) == [], "\(name): \(command)")
      }
      #expect(function.contains("(\n  the_bucket smallint") || function.contains("(the_bucket smallint"), "\(name)")
    }
  }

  /// The first steps are always done before tables are distributed: `--citus` came with the eleventh.
  @Test(
    "no step that a distributed schema may be taken by has one",
    arguments: Migration.all.filter { $0.version > 11 }.map(\.name))
  func steps(_ name: String) throws {
    let migration = try #require(Migration.all.first { $0.name == name })
    for command in SQLScript(migration.sql).commands {
      #expect(Form.stepping.filter { $0.isIn(command) }.map(\.name) == [], "\(command)")
    }
  }

  @Test(
    "each of these would be found in a step",
    arguments: [
      ("column with a constraint", "ALTER TABLE entry ADD COLUMN a text, ADD COLUMN b bigint UNIQUE"),
      ("column with a constraint", "ALTER TABLE entry ADD COLUMN b bigint CHECK (b > 0)"),
      ("function beside a table", "SELECT append_entry(c.bucket, c.id) FROM conversation c WHERE c.bucket = 0"),
      ("function beside a table", "INSERT INTO contact SELECT claim_username(c.bucket, c.key) FROM username_claim c"),
      ("bucket changed", "ALTER TABLE entry ALTER COLUMN bucket TYPE integer"),
      ("in no transaction", "CREATE INDEX CONCURRENTLY a ON entry (bucket, id)"),
      ("key without a name", "ALTER TABLE contact ADD FOREIGN KEY (bucket, other) REFERENCES chat_user (bucket, id)"),
    ])
  func theStepTestCanFail(_ name: String, _ sql: String) {
    #expect(Form.stepping.filter { $0.isIn(sql) }.map(\.name) == [name])
  }

  @Test(
    "each of these would be found",
    arguments: [
      ("volatile", "UPDATE t SET a = clock_timestamp() WHERE bucket = $1"),
      ("volatile", "DELETE FROM t WHERE bucket = $1 AND a < random()"),
      ("choice", "UPDATE t SET a = CASE WHEN b THEN now() ELSE a END WHERE bucket = $1"),
      ("choice", "UPDATE t SET a = coalesce($2, now()) WHERE bucket = $1"),
      ("moment", "UPDATE t SET b = t.a + $2 * interval '1 millisecond' >= now() WHERE bucket = $1"),
      ("upsert", "INSERT INTO t (bucket, a) VALUES ($1, $2) ON CONFLICT (bucket) DO UPDATE SET a = now()"),
      ("returning", "UPDATE t SET a = 1 WHERE bucket = $1 RETURNING now()"),
      ("several tables", "WITH x AS (UPDATE t SET a = 1 WHERE bucket = $1 RETURNING a) SELECT a FROM x"),
      ("several tables", "WITH x AS MATERIALIZED (SELECT 1), y AS (\n  INSERT INTO t SELECT 1) SELECT 1"),
      ("no columns", "SELECT EXISTS (SELECT FROM t WHERE bucket = $1)"),
      ("no columns", "PERFORM FROM t WHERE bucket = $1"),
      ("a table's type", "BEGIN x t%ROWTYPE"), ("bucket set", "UPDATE t SET bucket = $2 WHERE bucket = $1"),
    ])
  func theTestCanFail(_ name: String, _ sql: String) {
    #expect(Form.all.filter { $0.isIn(sql) }.map(\.name) == [name])
  }

  @Test(
    "each of these would be found in a statement that scatters",
    arguments: [
      ("sublink only", "SELECT a.id FROM unnest($1) AS a (id) WHERE EXISTS (SELECT 1 FROM t WHERE t.id = a.id)"),
      ("outer join", "SELECT 1 FROM unnest($1) AS asked (bucket) LEFT JOIN t ON t.bucket = asked.bucket"),
      ("lateral", "SELECT 1 FROM unnest($1) AS a (b) CROSS JOIN LATERAL (SELECT 1 FROM t WHERE t.bucket = a.b) x"),
      ("locks", "SELECT 1 FROM t WHERE bucket = ANY ($1) FOR UPDATE"),
      ("types", "SELECT 1 FROM unnest($1::smallint[], $2::bigint[]) AS a (b, c) JOIN t ON t.bucket = a.b"),
    ])
  func theScatterTestCanFail(_ name: String, _ sql: String) {
    #expect(Form.scattering.filter { $0.isIn(sql) }.map(\.name) == [name])
  }

  @Test(
    "what Citus takes is not found",
    arguments: [
      "UPDATE t SET ended_at = now() WHERE bucket = $1 AND seen >= now() - $2 * interval '1 millisecond'",
      "INSERT INTO t (bucket, a) VALUES ($1, clock_timestamp()) RETURNING a",
      "WITH x AS MATERIALIZED (SELECT a FROM t WHERE bucket = $1) SELECT a FROM x",
      "UPDATE t SET a = CASE WHEN $2 THEN $3 ELSE a END WHERE bucket = $1",
    ])
  func whatIsTaken(_ sql: String) {
    #expect(Form.all.filter { $0.isIn(sql) }.map(\.name) == [])
  }
}

/// One form.
private struct Form: Sendable {
  let name: String
  let isIn: @Sendable (String) -> Bool

  private static let mutable = "(now|clock_timestamp|statement_timestamp|random|gen_random_uuid|date_trunc)\\("

  private static func text(_ name: String, _ pattern: String, of modifications: Bool = false) -> Form {
    Form(name: name) { sql in
      guard !modifications || changes(sql) else { return false }
      return find(pattern, in: sql)
    }
  }

  private static func find(_ pattern: String, in sql: String) -> Bool {
    guard let regex = try? Regex(pattern).ignoresCase().dotMatchesNewlines() else {
      Issue.record("\(pattern) is no pattern")
      return false
    }
    return sql.contains(regex)
  }

  private static func changes(_ sql: String) -> Bool { find("\\b(UPDATE \\w|DELETE FROM)", in: sql) }

  static let all = [
    text("volatile", "(clock_timestamp|random|gen_random_uuid)\\(", of: true),
    text("choice", "(CASE\\b((?!\\bEND\\b).)*|coalesce\\([^)]*)\(mutable)", of: true),
    text("moment", "\\b[a-z]\\w*\\.\\w+ [+-] [^,;]*interval", of: true),
    text("upsert", "DO UPDATE SET .*\(mutable)"),
    text("returning", "RETURNING .*\(mutable)"),
    text("several tables", "\\bAS (MATERIALIZED )?\\(\\s*(INSERT|UPDATE|DELETE)\\b"),
    text("no columns", "(\\bSELECT|\\bPERFORM)\\s+FROM\\b"),
    text("a table's type", "%(ROW)?TYPE"),
    text("bucket set", "\\bSET (\\w+ = [^,]+, )*bucket ="),
  ]

  /// - Source: Citus' table.c (columns with constraints), local_executor.c ("cannot execute a distributed query
  ///   from a query on a shard": what a function of ours would be there).
  static let stepping = [
    text("column with a constraint", "ADD COLUMN [^,;]*\\b(PRIMARY KEY|UNIQUE|REFERENCES|CHECK)\\b"),
    text("bucket changed", "(ALTER|DROP|RENAME)( COLUMN)? bucket\\b"),
    text("in no transaction", "\\bCONCURRENTLY\\b"),
    // One made up by each shard is another on each.
    text("key without a name", "ADD (FOREIGN KEY|UNIQUE|CHECK)"),
    Form(name: "function beside a table") { sql in
      guard !find("^\\s*(CREATE|ALTER|DROP)\\b", in: sql) else { return false }
      return find("\\b(\(ours.joined(separator: "|")))\\(", in: sql)
        && find("\\b(FROM|JOIN) (\(CitusStanding.tables.joined(separator: "|")))\\b", in: sql)
    },
  ]

  /// The functions of all steps.
  private static let ours = Migration.all.flatMap { migration in
    migration.sql.matches(of: /CREATE (?:OR REPLACE )?FUNCTION (\w+)/).map { String($0.1) }
  }

  static let scattering = [
    text("sublink only", "FROM unnest\\(((?!\\bJOIN\\b).)*EXISTS \\("),
    text("outer join", "LEFT JOIN \\w+( \\w+)? ON \\w+\\.bucket = asked\\."),
    text("lateral", "\\bLATERAL\\b"),
    // Citus takes all columns of such a list for ones of the first one's type.
    text("types", "unnest\\([^)]*::(?!bigint)\\w+\\[\\](?!::bigint)"),
    text("locks", "\\bFOR (NO KEY )?(UPDATE|SHARE)\\b"),
  ]
}
