import RedisBroker
import Testing

@testable import Node

@Suite("The nodes as doctor shows them")
struct NodeLinesTests {
  private static func record(_ id: String, _ lifetime: String?, since: Int64? = 1_000) -> NodeRecord {
    NodeRecord(
      id: id, role: "api", addresses: ["10.0.0.7:8080"], version: "0.1.0", settings: "", since: since,
      agreement: NodeAgreement(settings: lifetime.map { ["MARTLET_TOKEN_LIFETIME_S": $0] } ?? [:]))
  }

  @Test("each node has a line, and under it what differs from these settings")
  func lines() {
    let nodes = [Self.record("api-1", nil), Self.record("api-2", "600", since: nil)]
    let lines = NodeLines(nodes, beside: Configuration().agreement)
    #expect(
      lines.text(at: 7_201_000) == [
        "api-1  api  0.1.0  up 2 h  10.0.0.7:8080", "api-2  api  0.1.0  since when is not told  10.0.0.7:8080",
        "  differs: MARTLET_TOKEN_LIFETIME_S is the default here and 600 at api-2",
      ])
    #expect(
      throws: StartFailure.self, performing: { try lines.verdict.get() })
  }

  @Test("one that would be let in is told so, with how many there are of each role")
  func verdict() throws {
    let lines = NodeLines([Self.record("api-1", nil), Self.record("api-2", nil)], beside: Configuration().agreement)
    #expect(try lines.verdict.get() == "2 api; one with these settings is let in")
    #expect(try NodeLines([], beside: Configuration().agreement).verdict.get().hasPrefix("none is listed"))
  }

  @Test("what a stranger wrote into the list does not reach the terminal's commands")
  func plain() {
    let lines = NodeLines([Self.record("a\u{1B}[2J\n\u{9B}x", nil)], beside: Configuration().agreement)
    #expect(lines.text(at: 0)[0].hasPrefix("a?[2J??x  api"))
  }

  @Test(
    "an age is told in the unit that says most",
    arguments: [
      (-5, "0 s"), (119_999, "119 s"), (120_000, "2 min"), (7_200_000, "2 h"), (172_800_000, "2 days"),
    ] as [(Int64, String)])
  func age(_ milliseconds: Int64, _ text: String) { #expect(NodeLines.age(milliseconds) == text) }
}
