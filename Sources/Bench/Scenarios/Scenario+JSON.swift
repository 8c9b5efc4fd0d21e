import JSONText

extension Scenario {
  /// As its file has it.
  var json: JSONValue {
    var object: JSONObject = [
      "name": .string(name), "title": .string(title), "wires": .array(wires.map { .string($0.rawValue) }),
      "peer": [
        "join": .string(peer.join), "send": .string(peer.send), "message": .string(peer.message),
        "domain": .string(peer.domain),
      ],
      "connections": .integer(Int64(connections)), "users": .integer(Int64(users)),
      "conversations": conversationsJSON, "connect_in_flight": .integer(Int64(connectInFlight)),
      "watch": .integer(Int64(watched)),
      "mix": .array(habits.map { ["do": .string($0.action.rawValue), "per_second": .number($0.perSecond)] }),
      "settle_s": .number(settle), "warm_s": .number(warm), "measure_s": .number(measure), "drain_s": .number(drain),
      "text_bytes": .integer(Int64(textBytes)),
    ]
    if let load { object["load"] = Self.json(load) }
    if let storm { object["storm"] = ["after_s": .number(storm.after), "share": .number(storm.share)] }
    return .object(object)
  }

  private var conversationsJSON: JSONValue {
    switch conversations {
    case .none: ["kind": "none"]
    case .rooms(let count): ["kind": "rooms", "count": .integer(Int64(count))]
    case .direct(let contacts): ["kind": "direct", "contacts": .integer(Int64(contacts))]
    }
  }

  private static func json(_ load: Load) -> JSONValue {
    switch load {
    case .closed(let inFlight, let until):
      ["loop": "closed", "in_flight": .integer(Int64(inFlight)), "until": .string(until.rawValue)]
    case .open(let rate): ["loop": "open", "per_second": .number(rate)]
    }
  }

  /// With what the command line says instead.
  func changed(by options: BenchOptions) throws(Wrong) -> Scenario {
    var scenario = self
    if let connections = options.connections {
      scenario.connections = connections
      scenario.users = min(scenario.users, connections)
      // A room for each connection stays one for each.
      if case .rooms(let count) = conversations, count == self.connections {
        scenario.conversations = .rooms(connections)
      }
    }
    if let users = options.users { scenario.users = users }
    if let seconds = options.seconds { scenario.measure = seconds }
    if let warm = options.warm { scenario.warm = warm }
    if let rate = options.rate {
      guard load != nil else { throw Wrong(sentence: "--rate: the scenario \(name) sends no messages.") }
      scenario.load = .open(perSecond: rate)
    }
    if options.findsRate {
      guard load != nil else { throw Wrong(sentence: "--find-rate: the scenario \(name) sends no messages.") }
      if case .closed = scenario.load { scenario.load = .open(perSecond: 100) }
    }
    // Reading it again finds what does not fit together any more.
    return try Scenario(scenario.json.bytes)
  }
}
