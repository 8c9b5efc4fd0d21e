import JSONText

/// Results as one page of HTML with drawings inside: nothing to load, no script, light or dark as the reader has it.
struct Report {
  private let results: [RunResult]

  /// One result, or several to be compared.
  init(_ results: [RunResult]) { self.results = results }

  /// The page.
  var bytes: [UInt8] {
    Array(
      """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>\(Self.escaped(heading))</title><style>\(Self.style)</style></head><body><main>
      <h1>\(Self.escaped(heading))</h1>
      \(results.count == 1 ? lead : legend)
      \(drawings)
      \(searched)
      \(table)
      \(machine)
      </main></body></html>

      """.utf8)
  }

  private var heading: String {
    results.count == 1 ? results[0].title : "Martlet bench: \(results.count) runs compared"
  }

  // MARK: Words

  private var lead: String {
    guard let result = results.first else { return "" }
    let kind = result.verdict.isClean ? "good" : "bad"
    let cut = result.isCutShort ? " The run was stopped before its end." : ""
    return """
      <p class="lead">\(Self.escaped(result.name)), \(Self.escaped(result.begun)), \
      \(result.workers) worker\(result.workers == 1 ? "" : "s").\(cut)</p>
      <p class="verdict \(kind)">\(Self.escaped(result.verdict.sentence))</p>
      <ul class="tiles">\(tiles(result))</ul>
      """
  }

  private func tiles(_ result: RunResult) -> String {
    let wanted = [
      "connected", "messages_per_s", "deliveries_per_s", "delivery_p50_us", "delivery_p99_us", "deliveries_per_cpu_s",
      "cpu_us_per_connect", "idle_bytes", "highest_rate",
    ]
    let figures = result.figures
    return wanted.compactMap { name in figures.first { $0.name == name } }.map {
      "<li><b>\(Self.escaped($0.text))</b><span>\(Self.escaped($0.title))</span></li>"
    }.joined()
  }

  private var legend: String {
    let rows = results.enumerated().map { place, result in
      let faults = result.verdict.isClean ? "" : " — <strong>\(Self.escaped(result.verdict.sentence))</strong>"
      return
        "<li><i style=\"background:var(--c\(place % Chart.colours))\"></i>\(Self.escaped(label(place)))\(faults)</li>"
    }
    return "<ul class=\"legend\">\(rows.joined())</ul>"
  }

  private func label(_ place: Int) -> String {
    let result = results[place]
    return results.count == 1 ? result.name : "\(place + 1). \(result.name), \(result.begun)"
  }

  // MARK: Drawings

  private var drawings: String {
    let series = results.enumerated()
    let delivery = series.map { place, result in
      let connecting = result.connecting.times["connect"] ?? Histogram()
      let histogram = result.tally.delivery.count > 0 ? result.tally.delivery : connecting
      return Chart.Line(
        label(place),
        histogram.curve.map { (Chart.nines($0.share, of: histogram.count), Double(max($0.value, 1)) / 1_000) })
    }
    let isDelivery = results.contains { $0.tally.delivery.count > 0 }
    let rates = series.map { place, result in
      Chart.Line(label(place), result.series.map { ($0.at, Double($0.delivered)) })
    }
    let connected = series.map { place, result in
      Chart.Line(label(place), result.series.map { ($0.at, Double($0.connected)) })
    }
    // A line that is flat from end to end is no drawing.
    let varies = results.contains { result in result.series.contains { $0.connected != result.connected } }
    let slow = series.map { place, result in
      Chart.Line(label(place), result.series.filter { $0.p99 > 0 }.map { ($0.at, Double($0.p99) / 1_000) })
    }
    let all = [
      Chart.curve(
        isDelivery ? "Delivery latency by percentile, ms" : "Time to connect by percentile, ms", delivery,
        isPercentile: true),
      Chart.curve("Deliveries a second", rates),
      Chart.curve("p99 of each second, ms", slow), varies ? Chart.curve("Sockets connected", connected) : "", searches,
      processors,
    ]
    return "<div class=\"charts\">\(all.joined())</div>"
  }

  private var searches: String {
    let lines = results.enumerated().filter { !$0.element.probes.isEmpty }.map { place, result in
      Chart.Line(
        label(place), result.probes.sorted { $0.rate < $1.rate }.map { ($0.rate, Double($0.p99) / 1_000) })
    }
    return lines.isEmpty ? "" : Chart.curve("p99 by messages a second, ms", lines)
  }

  private var processors: String {
    let bars = results.enumerated().flatMap { place, result in
      result.uses.filter { $0.measureCPU + $0.connectCPU > 0 }.map { use in
        Chart.Bar(
          (results.count > 1 ? "\(place + 1). " : "") + use.name, max(use.measureCPU, 0), max(use.connectCPU, 0),
          colour: place)
      }
    }
    return Chart.bars("CPU-seconds by process: measuring, and connecting (pale)", bars)
  }

  // MARK: Tables

  private var searched: String {
    let rows = results.flatMap(\.searched).map { "<li>\(Self.escaped($0))</li>" }
    guard let bound = results.map(\.bound).max(), !rows.isEmpty else { return "" }
    let within = Words.milliseconds(Int64(bound * 1_000))
    return "<h2>The search for the highest rate with a p99 of \(within)</h2><ul>\(rows.joined())</ul>"
  }

  private var table: String {
    var names: [(String, String)] = []
    for figure in results.flatMap(\.figures) where !names.contains(where: { $0.0 == figure.name }) {
      names.append((figure.name, figure.title))
    }
    let columns = results.indices.map { results.count == 1 ? "" : "<th>\($0 + 1)</th>" }.joined()
    let rows = names.map { name, title in
      let cells = results.enumerated().map { place, result in cell(name, in: result, isFirst: place == 0) }
      return "<tr><th scope=\"row\">\(Self.escaped(title))</th>\(cells.joined())</tr>"
    }
    let head = results.count == 1 ? "" : "<thead><tr><th></th>\(columns)</tr></thead>"
    return "<h2>Figures</h2><table>\(head)<tbody>\(rows.joined())\(errors)</tbody></table>"
  }

  private func cell(_ name: String, in result: RunResult, isFirst: Bool) -> String {
    guard let figure = result.figures.first(where: { $0.name == name }) else { return "<td>–</td>" }
    var ratio = ""
    if !isFirst, let base = results[0].figures.first(where: { $0.name == name })?.value, base != 0 {
      ratio = " <small>× \(Words.decimal(figure.value / base, 2))</small>"
    }
    return "<td>\(Self.escaped(figure.text))\(ratio)</td>"
  }

  private var errors: String {
    let all = results.map { $0.tally.errors.merging($0.connecting.errors) { $0 + $1 }.filter { $0.value > 0 } }
    return Set(all.flatMap(\.keys)).sorted().map { name in
      let cells = all.map { "<td>\($0[name] ?? 0)</td>" }.joined()
      return "<tr class=\"bad\"><th scope=\"row\">\(Self.escaped(name))</th>\(cells)</tr>"
    }.joined()
  }

  private var machine: String {
    let facts = (results.first?.machine.object?.entries ?? []).map { entry in
      "\(entry.name) \(entry.value.string ?? entry.value.text)"
    }
    let scenarios = results.map { "<pre>\(Self.escaped($0.scenario.text))</pre>" }
    return "<h2>Machine and scenario</h2><p>\(Self.escaped(facts.joined(separator: " · ")))</p>\(scenarios.joined())"
  }

  /// Text for between tags and in attributes.
  static func escaped(_ text: String) -> String {
    var out = ""
    for letter in text {
      switch letter {
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "&": out += "&amp;"
      case "\"": out += "&quot;"
      default: out.append(letter)
      }
    }
    return out
  }

  private static let style = """
    :root{color-scheme:light dark;--ink:#1d2328;--soft:#68737d;--line:#dfe4e8;--paper:#fff;--tile:#f4f6f8;
    --c0:#1f6feb;--c1:#d9480f;--c2:#2b8a3e;--c3:#9c36b5;--c4:#b08800;--c5:#0b7285}
    @media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#98a4ae;--line:#343b42;--paper:#15191d;--tile:#1f252b;
    --c0:#6ea8fe;--c1:#ff9260;--c2:#69db7c;--c3:#da77f2;--c4:#ffd43b;--c5:#66d9e8}}
    body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
    main{max-width:1080px;margin:0 auto;padding:32px 20px}h1{font-size:28px;line-height:1.2;margin:0 0 4px}
    h2{font-size:18px;margin:32px 0 8px}.lead,small,figcaption{color:var(--soft)}
    .verdict{display:inline-block;padding:4px 12px;border-radius:6px;background:var(--tile)}
    .good::before{content:"✓ ";color:var(--c2)}.bad{color:var(--c1)}.bad::before{content:"✗ "}tr.bad::before{content:""}
    .tiles{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:12px}
    .tiles li{background:var(--tile);border-radius:8px;padding:12px}.tiles b{display:block;font-size:22px}
    .tiles span{color:var(--soft);font-size:13px}.legend{list-style:none;padding:0}
    .legend i{display:inline-block;width:14px;height:4px;margin-right:8px;vertical-align:middle}
    .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(480px,100%),1fr));gap:24px;margin-top:24px}
    figure{margin:0}figcaption{font-size:14px;margin-bottom:4px}svg{width:100%;height:auto;display:block}
    svg text{font:11px system-ui,sans-serif;fill:var(--soft)}.grid{stroke:var(--line);stroke-width:1}
    table{border-collapse:collapse}th,td{text-align:right;padding:4px 12px;border-bottom:1px solid var(--line);
    font-variant-numeric:tabular-nums}th{text-align:left;font-weight:400;color:var(--soft)}
    pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--tile);padding:12px;border-radius:8px;
    font-size:12px}
    """
}
