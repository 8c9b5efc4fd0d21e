@testable import PostgresStore
import Testing

@Suite("A script's commands")
struct SQLScriptTests {
  @Test(
    "end at a semicolon that stands in no quotes and no comment",
    arguments: [
      ("SELECT 1; SELECT 2", ["SELECT 1", " SELECT 2"]),
      ("SELECT ';'; SELECT 'it''s;'", ["SELECT ';'", " SELECT 'it''s;'"]),
      ("SELECT 1 AS \"a;b\"", ["SELECT 1 AS \"a;b\""]),
      ("-- one; two\nSELECT 1", [" SELECT 1"]),
      ("SELECT /* ; */ 1;", ["SELECT   1"]),
      ("DO $$ BEGIN; END $$; SELECT $1", ["DO $$ BEGIN; END $$", " SELECT $1"]),
      ("DO $do$ a $$ ; $$ $do$", ["DO $do$ a $$ ; $$ $do$"]),
      ("SELECT 7 - 5; ;\n", ["SELECT 7 - 5"]), ("-- nothing", []), ("", []), ("SELECT 'open; ", ["SELECT 'open; "]),
    ])
  func commands(_ text: String, _ commands: [String]) {
    #expect(SQLScript(text).commands == commands)
  }

  @Test("a table made is named")
  func tables() {
    #expect(SQLScript.tableMade(by: "\nCREATE TABLE member (a int)") == "member")
    #expect(SQLScript.tableMade(by: "CREATE INDEX member ON member (a)") == nil)
    let made = Migration.all.flatMap { SQLScript($0.sql).commands.compactMap(SQLScript.tableMade) }
    #expect(made.contains("conversation_file") && made.count == 18)
  }
}
