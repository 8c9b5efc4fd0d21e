import Foundation
import Postgres
import TestKit
import Testing

@testable import PostgresStore

/// Which transactions touch several buckets, read from the log of a server that is taken for a Citus while the contract
/// of the stores runs: there each of them is committed in two phases.
///
/// - Source: reliability.md, rule R4: one transaction touches one bucket; the exceptions are listed by name.
@Suite("Transactions over several buckets")
struct CrossBucketTests {
  /// By the names of the module's page, with the statements that may stand in one of them. Sends, which share on plain
  /// servers, do not here. A new line here, or a new statement in one, is looked at twice.
  private static let exceptions: [String: Set<String>] = [
    "membership": [
      "conversations.standing", "conversations.direct", "conversations.make", "conversations.list",
      "conversations.unlist", "conversations.count", "conversations.count_listed", "conversations.set_look",
      "conversations.set_deleted", "members.add", "members.remove", "members.set_role", "members.owners",
      "members.successors", "contacts.pair", "contacts.blocks", "cleanup.ended", "log.append",
      "log.lock",
    ],
    "contacts": [
      "contacts.pair", "contacts.count", "contacts.put_pair", "contacts.list", "contacts.unlist", "log.append",
      "log.lock",
    ],
    "file links": [
      "file_links.said_by", "file_links.member", "files.reserve", "file_links.place", "file_links.by_id",
      "file_links.displace", "files.forget",
    ],
    "imports": [
      "import.look_up", "import.put", "import.raise", "import.count", "import.maker", "conversations.make",
      "conversations.list", "conversations.count_listed", "members.add", "log.append", "log.lock",
    ],
    "pages": ["members.page", "log.newest_messages"],
  ]

  @Test("are those that the module's page names, each of the statements that it needs")
  func named() async throws {
    let server = try await PrivatePostgres.start(settings: ["log_statement=all", "log_line_prefix=%m [%p] %v "])
    defer { server.end() }
    try await CitusStandIn.with(on: server) { _, database, _ in
      for contractCase in AdapterContract.all { try await contractCase.run(database.underTest) }
    }
    let transactions = LoggedTransaction.all(in: server.log())
    #expect(transactions.count > 1_000, "the log was read")
    var seen: [String: Set<String>] = [:]
    for transaction in transactions where transaction.buckets.count > 1 {
      let names = transaction.statements
      let fitting = Self.exceptions.filter { names.isSubset(of: $0.value) }.keys
      #expect(!fitting.isEmpty, "\(names.sorted()) touch \(transaction.buckets.sorted())")
      for name in fitting { seen[name, default: []].formUnion(names) }
    }
    for (name, statements) in Self.exceptions {
      #expect(statements.subtracting(seen[name] ?? []).sorted() == [], "\(name) needs no such statement")
    }
  }

  @Test("stand on the module's page")
  func page() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "../../Sources/PostgresStore/Documentation.docc/PostgresStore.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let table = text.split(separator: "## Exceptions to").last?.split(separator: "\n## ").first ?? ""
    let rows = table.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
    let names = rows.compactMap { $0.split(separator: "|").first?.trimmingCharacters(in: .whitespaces) }
    #expect(Set(names) == Set(Self.exceptions.keys).union(["sends"]))
  }

  @Test("are found in a log")
  func theTestCanFail() {
    let log = """
      2026-01-01 00:00:00.000 UTC [7] 3/4 LOG:  execute transaction.begin: BEGIN
      2026-01-01 00:00:00.000 UTC [7] 3/4 LOG:  execute transaction.patience: SELECT set_config($1)
      2026-01-01 00:00:00.000 UTC [7] 3/4 DETAIL:  parameters: $1 = '2000'
      2026-01-01 00:00:00.000 UTC [7] 3/4 LOG:  execute log.lock: SELECT q.head
      \tFROM bucket_seq q
      2026-01-01 00:00:00.000 UTC [7] 3/4 DETAIL:  parameters: $1 = '5'
      2026-01-01 00:00:00.000 UTC [8] 4/4 LOG:  execute log.lock: SELECT q.head
      2026-01-01 00:00:00.000 UTC [8] 4/4 DETAIL:  parameters: $1 = '5'
      2026-01-01 00:00:00.000 UTC [7] 3/4 LOG:  execute contacts.pair: SELECT p.low
      2026-01-01 00:00:00.000 UTC [7] 3/4 DETAIL:  parameters: $1 = '9', $2 = '1'
      2026-01-01 00:00:00.000 UTC [7] 3/5 LOG:  execute log.heads: SELECT c.id
      2026-01-01 00:00:00.000 UTC [7] 3/5 DETAIL:  parameters: $1 = '{1,2}'
      """
    let transactions = LoggedTransaction.all(in: log)
    #expect(transactions.map(\.buckets) == [[5, 9], [5]])
    #expect(transactions.map(\.statements) == [["log.lock", "contacts.pair"], ["log.lock"]])
  }
}

/// What a transaction has asked, but for what asks no bucket or many on purpose.
private struct LoggedTransaction {
  var buckets: Set<Int> = []
  var statements: Set<String> = []

  /// In the order in which they began; each statement of one bucket names it first.
  static func all(in log: String) -> [LoggedTransaction] {
    let known = Set(PostgresStores.statements.filter { !$0.scatters }.map(\.name))
    var transactions: [LoggedTransaction] = []
    var places: [Substring: Int] = [:]
    var asked: [Substring: String] = [:]
    for line in log.split(separator: "\n") {
      guard let parts = line.wholeMatch(of: /\S+ \S+ \S+ \[(\d+)\] (\d+\/\d+) (LOG|DETAIL):  (.*)/) else { continue }
      let (process, transaction, text) = (parts.1, parts.2, parts.4)
      if parts.3 == "LOG" {
        asked[process] = text.prefixMatch(of: /execute ([^:]+):/).map { String($0.1) }
      } else if let name = asked[process], known.contains(name),
        let bucket = text.prefixMatch(of: /[Pp]arameters: \$1 = '(\d+)'/).flatMap({ Int($0.1) })
      {
        let place = places[transaction] ?? transactions.count
        if place == transactions.count { transactions.append(LoggedTransaction()) }
        places[transaction] = place
        transactions[place].buckets.insert(bucket)
        transactions[place].statements.insert(name)
      }
    }
    return transactions
  }
}
