import Foundation
import JSONText
import Testing

@testable import Bench

@Suite struct ScenarioTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "../../benchmarks/scenarios")

  static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []).filter {
    $0.hasSuffix(".json")
  }.sorted()

  @Test("every file of benchmarks/scenarios is read, named as its file, and told in its README")
  func files() throws {
    #expect(Self.files.count >= 10)
    let readme = try String(contentsOf: Self.folder.appending(path: "../README.md"), encoding: .utf8)
    for file in Self.files {
      let text = try Array(Data(contentsOf: Self.folder.appending(path: file)))
      let scenario = try Scenario(text)
      #expect(scenario.name + ".json" == file)
      #expect(readme.contains("`\(scenario.name)`"), "\(file)")
      #expect(try Scenario(scenario.json.bytes).json == scenario.json, "written and read again")
    }
  }

  private static let small = """
    {"name": "a", "title": "A", "wires": ["native"], "connections": 6, "users": 3,
     "conversations": {"kind": "rooms", "count": 2}, "warm_s": 1, "measure_s": 1, "drain_s": 1}
    """

  private func wrong(_ old: String, _ new: String) -> String? {
    do throws(Scenario.Wrong) {
      _ = try Scenario(Array(Self.small.replacing(old, with: new).utf8))
      return nil
    } catch {
      return error.sentence
    }
  }

  @Test("what is wrong is named")
  func refused() {
    #expect(wrong("", "") == nil)
    #expect(wrong("\"title\"", "\"speed\": 1, \"title\"")?.contains("\"speed\"") == true)
    #expect(wrong("\"count\": 2", "\"count\": 2, \"size\": 3")?.contains("conversations/size") == true)
    #expect(wrong("\"measure_s\": 1,", "")?.contains("\"measure_s\" is missing") == true)
    #expect(wrong("\"native\"", "\"smoke\"")?.contains("wires/0") == true)
    #expect(wrong("\"users\": 3", "\"users\": 7")?.contains("\"users\"") == true)
    #expect(wrong("\"native\"", "\"plain\"") == nil && wrong("\"native\"", "\"mqtt\"") == nil)
    let peer = "{\"peer\": {\"send\": \"a\\\"b\"}, \"name\""
    #expect(wrong("{\"name\"", peer)?.contains("peer/send") == true)
    #expect(wrong("{\"name\"", "{\"watch\": 1, \"name\"") == nil)
    #expect(wrong("{\"name\"", "{\"settle_s\": 0, \"name\"") == nil)
    #expect(wrong("{\"name\"", "{\"settle_s\": 61, \"name\"")?.contains("\"settle_s\"") == true)
    #expect(wrong("\"wires\": [\"native\"]", "\"watch\": 1, \"wires\": [\"plain\"]")?.contains("plain") == true)
    #expect(
      wrong(
        "{\"kind\": \"rooms\", \"count\": 2}", "{\"kind\": \"none\"}, \"load\": {\"loop\": \"open\", \"per_second\": 1}"
      )?
      .contains("\"load\"") == true)
    #expect(wrong(Self.small, "[")?.contains("not JSON") == true)
  }

  @Test("rooms take every n-th user, pairs follow each other, and nobody is a pair twice")
  func members() throws {
    var scenario = try Scenario(Array(Self.small.utf8))
    #expect(scenario.members(of: 0) == [0, 2] && scenario.members(of: 1) == [1])
    scenario.conversations = .rooms(5)
    #expect((0..<5).map(scenario.members) == [[0], [1], [2], [0], [1]])
    scenario.users = 7
    scenario.conversations = .direct(contacts: 10)
    let pairs = (0..<scenario.conversationCount).map { Set(scenario.members(of: $0)) }
    #expect(pairs.count == 21 && Set(pairs).count == 21, "seven people have 21 pairs")
  }

  @Test("the command line changes a scenario, and what does not fit then is refused")
  func changed() throws {
    let scenario = try Scenario(Array(Self.small.utf8))
    let options = try BenchOptions(["a", "--target", "ws://x", "--connections", "2", "--seconds", "9"])
    let changed = try scenario.changed(by: options)
    #expect(changed.connections == 2 && changed.users == 2 && changed.measure == 9)
    for arguments in [["--rate", "5"], ["--find-rate"], ["--users", "9"]] {
      let options = try BenchOptions(["a", "--target", "ws://x"] + arguments)
      #expect(throws: Scenario.Wrong.self) { try scenario.changed(by: options) }
    }
  }
}
