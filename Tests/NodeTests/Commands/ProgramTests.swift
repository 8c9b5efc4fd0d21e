import ChatCore
import IORuntime
import Importing
import Testing

@testable import Node

@Suite("The command line")
struct ProgramTests {
  @Test(
    "an unknown subcommand, and none, are refused with 2",
    arguments: [["fly"], [], ["api", "now"], ["token"], ["version", "2"]])
  func refused(arguments: [String]) {
    #expect(Program.run(arguments: arguments, environment: [:]) == 2)
  }

  @Test(
    "an import that is asked for wrongly is refused with 2, before any file is opened",
    arguments: [
      [], ["a", "b"], ["--fast", "a"], ["--source"], ["--source", "A", "a"], ["--existing", "keep", "a"],
      ["--names", "", "a"], ["-x"],
    ])
  func wrongImports(arguments: [String]) {
    #expect(Program.run(arguments: ["import"] + arguments, environment: [:]) == 2)
  }

  @Test("the options of an import are taken in any order")
  func importOptions() throws {
    let order = try ImportOrder(["--strict", "-", "--existing", "reuse", "--names", "rename", "--source", "umoc"])
    #expect(order.path == "-" && order.options.isStrict && order.options.mayRename && !order.isRehearsal)
    #expect(order.options.existing == .reuse && order.options.source == "umoc")
    #expect(try ImportOrder(["--dry-run", "a.jsonl"]).isRehearsal)
  }

  @Test("wrong settings stop a node with 78, before it does anything")
  func wrongSettings() {
    #expect(Program.run(arguments: ["api"], environment: ["MARTLET_LOOPS": "many"]) == OneLoop.wrongSettings)
    #expect(Program.run(arguments: ["doctor"], environment: [:]) == OneLoop.wrongSettings)
  }

  @Test("a key that cannot sign is a wrong setting too, and named: no supervisor need try again")
  func uselessKey() throws {
    let key = ["MARTLET_TOKEN_KEYS": "", "MARTLET_TOKEN_KEY": "-----BEGIN PRIVATE KEY-----"]
    let settings = rightEnvironment.merging(key) { $1 }
    #expect(Program.run(arguments: ["api"], environment: settings) == OneLoop.wrongSettings)
    let configuration = try Configuration.read(settings, for: .serve)
    let failure = #expect(throws: StartFailure.self) { try Secrets(configuration, isDevelopment: false) }
    #expect(failure?.description.hasPrefix("MARTLET_TOKEN_KEY ") == true)
  }

  @Test("help is given for everything, without any settings", arguments: ["--help", "-h"])
  func help(word: String) {
    for row in Program.rows {
      #expect(Program.run(arguments: [row.name, word], environment: [:]) == 0, "\(row.name)")
      #expect(Program.run(arguments: ["help", row.name], environment: [:]) == 0, "\(row.name)")
    }
    #expect(Program.run(arguments: ["import", "--strict", "--help"], environment: [:]) == 0)
    #expect(Program.run(arguments: ["--version"], environment: [:]) == 0)
    #expect(Program.run(arguments: ["help", "fly"], environment: [:]) == 2)
  }

  @Test("each subcommand stands once, with a sentence")
  func rows() {
    #expect(Set(Program.rows.map(\.name)).count == Program.rows.count)
    for row in Program.rows { #expect(row.summary.hasSuffix(".")) }
  }

  @Test(
    "a cluster's URL gives address and host",
    arguments: [
      ("http://127.0.0.1:8000", "127.0.0.1:8000"), ("http://chat.example/", "chat.example:80"),
      ("https://chat.example", nil), ("http://:80", nil), ("http://a:b", nil), ("", nil),
    ])
  func url(text: String, address: String?) {
    #expect(ClusterURL(text)?.address.description == address)
  }
}
