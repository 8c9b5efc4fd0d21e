import JSONText

/// What a worker is told to be: its part of a run.
struct Order: Sendable {
  /// The scenario, with what the command line changed.
  var scenario: Scenario
  /// What is spoken.
  var wire: Wire
  /// This worker's number among all.
  var worker: Int
  /// How many there are.
  var workers: Int
  /// Where REST is.
  var rest: [Target.Place]
  /// Where sockets are.
  var sockets: [Target.Place]
  /// Addresses to connect from; empty for the system's choice.
  var sources: [String]
  /// The file of the authorities that are trusted; nothing for the system's.
  var authority: String?
  /// Each user's access token.
  var tokens: [String]
  /// Each user's id.
  var users: [Int64]
  /// The ids of the conversations.
  var conversations: [Int64]
  /// Unique to the run, so that its client ids are.
  var run: String
  /// The conversations of each user, by their places.
  let followed: [[Int]]

  /// A worker's part.
  init(
    _ scenario: Scenario, _ wire: Wire, worker: Int, of workers: Int, _ target: Target, sources: [String],
    authority: String? = nil,
    _ population: Population?, run: String
  ) {
    self.scenario = scenario
    self.wire = wire
    self.worker = worker
    self.workers = workers
    self.sources = sources
    self.authority = authority
    self.run = run
    rest = target.rest
    sockets = target.sockets
    tokens = population?.users.map(\.access) ?? []
    users = population?.users.map(\.id) ?? []
    conversations = population?.conversations ?? []
    followed = Self.followed(scenario)
  }

  /// This worker's sockets, by their users: every `workers`-th of all.
  var seats: [Int] {
    stride(from: worker, to: scenario.connections, by: workers).map { $0 % max(1, scenario.users) }
  }

  /// The workers that have sockets in a conversation, in their order.
  func workers(in conversation: Int) -> [Int] {
    let members = Set(scenario.members(of: conversation))
    var found: Set<Int> = []
    for seat in 0..<scenario.connections where members.contains(seat % max(1, scenario.users)) {
      found.insert(seat % workers)
      if found.count == workers { break }
    }
    return found.sorted()
  }

  private static func followed(_ scenario: Scenario) -> [[Int]] {
    var all = [[Int]](repeating: [], count: scenario.users)
    for conversation in 0..<scenario.conversationCount {
      for user in scenario.members(of: conversation) { all[user].append(conversation) }
    }
    return all
  }
}

extension Order {
  var json: JSONValue {
    func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    func list(_ numbers: [Int64]) -> JSONValue { .array(numbers.map { .integer($0) }) }
    return [
      "do": "be", "scenario": scenario.json, "wire": .string(wire.rawValue), "worker": .integer(Int64(worker)),
      "workers": .integer(Int64(workers)), "rest": list(rest.map(\.url)), "sockets": list(sockets.map(\.url)),
      "sources": list(sources), "tokens": list(tokens), "users": list(users), "conversations": list(conversations),
      "run": .string(run), "authority": authority.map { .string($0) } ?? .null,
    ]
  }

  init?(_ json: JSONValue) {
    guard let scenario = json["scenario"].flatMap({ try? Scenario($0.bytes) }),
      let wire = json["wire"]?.string.flatMap(Wire.init), let worker = json["worker"]?.integer,
      let workers = json["workers"]?.integer, workers > 0, (0..<workers).contains(worker),
      let run = json["run"]?.string
    else { return nil }
    func texts(_ name: String) -> [String] { (json[name]?.array ?? []).compactMap(\.string) }
    func numbers(_ name: String) -> [Int64] { (json[name]?.array ?? []).compactMap(\.integer) }
    self.scenario = scenario
    self.wire = wire
    self.worker = Int(worker)
    self.workers = Int(workers)
    self.run = run
    rest = texts("rest").compactMap(Target.Place.init)
    sockets = texts("sockets").compactMap(Target.Place.init)
    sources = texts("sources")
    authority = json["authority"]?.string
    tokens = texts("tokens")
    users = numbers("users")
    conversations = numbers("conversations")
    followed = Self.followed(scenario)
    guard !sockets.isEmpty else { return nil }
    if wire.isReliable {
      guard tokens.count == scenario.users, users.count == scenario.users,
        conversations.count == scenario.conversationCount
      else { return nil }
    }
  }
}
