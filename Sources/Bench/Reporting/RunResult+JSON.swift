import JSONText

extension RunResult {
  /// As JSON.
  var json: JSONValue {
    var object: JSONObject = [
      "schema": .integer(Self.schema), "scenario": scenario, "wire": .string(wire), "target": .string(target),
      "begun": .string(begun), "machine": machine, "workers": .integer(workers), "connected": .integer(connected),
      "prepare_s": .number(prepareSeconds), "connect_s": .number(connectSeconds), "measure_s": .number(seconds),
      "delivered": .integer(delivered),
      "acknowledged": .integer(acknowledged), "measure": tally.json, "connecting": connecting.json,
      "verdict": verdict.json,
      "series": .array(series.map(\.json)), "processes": .array(uses.map(\.json)),
      "search": ["bound_ms": .number(bound), "probes": .array(probes.map(\.json))], "cut_short": .bool(isCutShort),
      "figures": .object(figuresJSON),
    ]
    if let beside {
      object["beside"] = ["others_cpu_s": .number(beside.others), "stolen_cpu_s": .number(beside.stolen)]
    }
    return .object(object)
  }

  private var figuresJSON: JSONObject {
    var object = JSONObject()
    for figure in figures { object[figure.name] = figure.value.isFinite ? .number(figure.value) : .null }
    return object
  }

  /// Reads what ``json`` has written.
  ///
  /// - Throws: ``BenchOptions/Wrong`` when it is something else, or of another version.
  init(_ json: JSONValue) throws(BenchOptions.Wrong) {
    guard json["schema"]?.integer == Self.schema, let scenario = json["scenario"],
      let wire = json["wire"]?.string.flatMap(Wire.init)
    else { throw .init(sentence: "it is no result of bench, schema \(Self.schema)") }
    self.init(
      scenario: scenario, wire: wire, target: json["target"]?.string ?? "", begun: json["begun"]?.string ?? "",
      machine: json["machine"] ?? .null)
    workers = json["workers"]?.integer ?? 1
    connected = json["connected"]?.integer ?? 0
    prepareSeconds = json["prepare_s"]?.number ?? 0
    connectSeconds = json["connect_s"]?.number ?? 0
    seconds = json["measure_s"]?.number ?? 0
    delivered = json["delivered"]?.integer ?? 0
    acknowledged = json["acknowledged"]?.integer ?? 0
    tally = Tally(json["measure"])
    connecting = Tally(json["connecting"])
    verdict = Verdict(json["verdict"])
    series = (json["series"]?.array ?? []).map(Second.init)
    uses = (json["processes"]?.array ?? []).map(Use.init)
    beside = json["beside"].map {
      Beside(others: $0["others_cpu_s"]?.number ?? 0, stolen: $0["stolen_cpu_s"]?.number ?? 0)
    }
    bound = json["search"]?["bound_ms"]?.number ?? 0
    probes = (json["search"]?["probes"]?.array ?? []).map(Probe.init)
    isCutShort = json["cut_short"]?.bool ?? false
  }
}

extension RunResult.Second {
  var json: JSONValue {
    [
      "at": .number(at), "phase": .string(phase), "connected": .integer(connected), "sent": .integer(sent),
      "delivered": .integer(delivered), "errors": .integer(errors), "p50_us": .integer(p50), "p99_us": .integer(p99),
    ]
  }

  init(_ json: JSONValue) {
    at = json["at"]?.number ?? 0
    phase = json["phase"]?.string ?? ""
    connected = json["connected"]?.integer ?? 0
    sent = json["sent"]?.integer ?? 0
    delivered = json["delivered"]?.integer ?? 0
    errors = json["errors"]?.integer ?? 0
    p50 = json["p50_us"]?.integer ?? 0
    p99 = json["p99_us"]?.integer ?? 0
  }
}

extension RunResult.Use {
  var json: JSONValue {
    [
      "name": .string(name), "connect_cpu_s": .number(connectCPU), "measure_cpu_s": .number(measureCPU),
      "own_before": .number(before), "own_idle": .number(idle), "resident_after": .number(after),
    ]
  }

  init(_ json: JSONValue) {
    name = json["name"]?.string ?? ""
    connectCPU = json["connect_cpu_s"]?.number ?? 0
    measureCPU = json["measure_cpu_s"]?.number ?? 0
    before = json["own_before"]?.number ?? 0
    idle = json["own_idle"]?.number ?? 0
    after = json["resident_after"]?.number ?? 0
  }
}

extension RunResult.Probe {
  var json: JSONValue { ["rate": .number(rate), "held": .bool(held), "p99_us": .integer(p99)] }

  init(_ json: JSONValue) {
    rate = json["rate"]?.number ?? 0
    held = json["held"]?.bool ?? false
    p99 = json["p99_us"]?.integer ?? 0
  }
}
