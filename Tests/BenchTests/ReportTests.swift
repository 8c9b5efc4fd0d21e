import JSONText
import Testing

@testable import Bench

@Suite struct ReportTests {
  private func result(_ title: String = "A room") throws -> RunResult {
    var scenario = try Scenario(
      Array(
        """
        {"name": "a", "title": "\(title)", "wires": ["native"], "connections": 6, "conversations": {"kind": "none"},
         "warm_s": 1, "measure_s": 1, "drain_s": 1}
        """.utf8))
    scenario.users = 3
    var result = RunResult(
      scenario: scenario.json, wire: .native, target: "x", begun: "2026-11-21T00:00:00Z", machine: ["cpu": "<fast>"])
    (result.connected, result.seconds, result.acknowledged, result.delivered) = (100, 2, 500, 5_000)
    for value in 1...999 { result.tally.delivery.record(Int64(value * 10)) }
    result.tally.sent = 500
    result.tally.count("closed 1006", 2)
    var use = RunResult.Use()
    (use.name, use.connectCPU, use.measureCPU, use.before, use.idle) = ("socket-1", 0.01, 0.5, 1_000, 201_000)
    var tester = use
    tester.name = "bench-1"
    result.uses = [use, tester]
    result.beside = .init(others: 0.25, stolen: 0.5)
    result.series = (0..<5).map { second in
      var each = RunResult.Second()
      (each.at, each.phase, each.delivered, each.p99) = (Double(second), "measure", 2_500, 9_000)
      return each
    }
    return result
  }

  @Test("figures are ratios of what was counted, the tester's own left out")
  func figures() throws {
    let figures = Dictionary(uniqueKeysWithValues: try result().figures.map { ($0.name, $0.value) })
    #expect(figures["deliveries_per_cpu_s"] == 10_000 && figures["cpu_us_per_delivery"] == 100)
    #expect(figures["cpu_us_per_message"] == 1_000 && figures["cpu_us_per_connect"] == 100)
    #expect(try result().summary.contains("100 of 6"))
    #expect(figures["idle_bytes"] == 2_000 && figures["messages_per_s"] == 250)
    #expect(figures["deliveries_per_s"] == 2_500 && (5_000..<5_010).contains(figures["delivery_p50_us"] ?? 0))
  }

  @Test("JSON brings back the same result")
  func json() throws {
    let result = try result()
    let read = try RunResult(JSONValue(parsing: result.json.bytes))
    #expect(read.json == result.json && read.figures.map(\.name) == result.figures.map(\.name))
    #expect(read.beside == result.beside && read.summary.contains("others on this machine: 0.25 s measuring, 0.50 s"))
    #expect(throws: BenchOptions.Wrong.self) { try RunResult(["schema": 2]) }
    #expect(throws: BenchOptions.Wrong.self) { try RunResult([]) }
  }

  @Test("a page has its curves, loads nothing, and writes what it is given as text")
  func page() throws {
    let page = String(decoding: Report([try result("Room <b>&")]).bytes, as: UTF8.self)
    #expect(page.contains("<polyline") && page.contains("<rect") && page.contains("closed 1006"))
    #expect(page.contains("Room &lt;b&gt;&amp;") && page.contains("&lt;fast&gt;"))
    for stranger in ["<b>&", "<script", "http://", "https://", "src=", "NaN", "inf"] {
      #expect(!page.contains(stranger), "\(stranger)")
    }
    #expect(page.count { $0 == "<" } == page.count { $0 == ">" })
  }

  @Test("compared runs stand side by side, with ratios to the first")
  func compared() throws {
    var second = try result()
    second.uses[0].measureCPU = 1
    let page = String(decoding: Report([try result(), second]).bytes, as: UTF8.self)
    #expect(page.contains("2 runs compared") && page.contains("× 0.50") && page.contains("var(--c1)"))
  }

  @Test("a run that measured nothing has a page too")
  func empty() {
    let empty = RunResult(scenario: .null, wire: .plain, target: "", begun: "", machine: .null)
    #expect(String(decoding: Report([empty]).bytes, as: UTF8.self).contains("</html>"))
    #expect(empty.summary.contains("0 lost"))
  }

  @Test("the highest rate of a search is the one that more probes held than broke")
  func highest() throws {
    var result = try result()
    #expect(result.highestHeld == nil)
    let probes: [(Double, Bool)] = [
      (100, true), (100, true), (200, false), (200, true), (200, true), (400, true), (400, false), (400, false),
    ]
    result.probes = probes.map { .init(rate: $0.0, held: $0.1, p99: 1) }
    #expect(result.highestHeld == 200)
    #expect(result.searched.count == 3 && result.searched[1].contains("2 of 3 probes held"))
    #expect(String(decoding: Report([result]).bytes, as: UTF8.self).contains("2 of 3 probes held"))
  }
}
