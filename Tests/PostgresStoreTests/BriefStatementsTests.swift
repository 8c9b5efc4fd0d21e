import Postgres
import PostgresStore
import Testing

/// What may share a transaction with what others ask in the same tick: statements that read, by keys, and no more.
@Suite("Brief statements")
struct BriefStatementsTests {
  private static let brief = PostgresStores.statements.filter(\.brief)

  @Test("none of them writes, locks, scatters, or calls a function that may", arguments: brief.map(\.name))
  func onlyReads(_ name: String) throws {
    let statement = try #require(Self.brief.first { $0.name == name })
    let words = Set(statement.sql.uppercased().split { !$0.isLetter && $0 != "_" }.map(String.init))
    #expect(words.isDisjoint(with: ["INSERT", "UPDATE", "DELETE", "SHARE", "CALL", "SET_CONFIG", "PG_SLEEP"]))
    #expect(statement.sql.hasPrefix("SELECT ") && !statement.scatters)
    #expect(statement.sql.contains("bucket = $1"))
  }

  @Test("what each connection asks when it comes is among them: thousands come at once")
  func whoComesAsksBriefly() {
    let asked = ["sessions.alive_one", "users.by_id", "conversations.all"]
    #expect(Set(asked).isSubset(of: Self.brief.map(\.name)))
  }
}
