import Client
import HTTP1
import IORuntime
import JSONText

/// Makes a scenario's users and conversations by REST, or brings a kept population up to date.
///
/// - Isolation: one loop.
/// - Limits: ``atOnceMax`` requests at a time. What is refused for being too much, or fails, is repeated
///   ``attemptsMax`` times with growing pauses.
final class Preparation: @unchecked Sendable {
  /// Why the run cannot begin.
  struct Failure: Error {
    let sentence: String
  }

  /// Requests at a time: more than the target has threads for passwords, fewer than its queue takes.
  static let atOnceMax = 16
  /// A minute of pauses in all: a target that is overloaded for longer is not to be measured.
  static let attemptsMax = 12

  private let loop: EventLoop
  private let scenario: Scenario
  private let clients: [HTTPClient]
  private let file: String
  private let note: (String) -> Void
  private var turn = 0
  private(set) var population: Population

  init(
    _ loop: EventLoop, _ scenario: Scenario, rest: [Target.Place], tls: TLSClient?, directory: String,
    note: @escaping (String) -> Void
  ) {
    self.loop = loop
    self.scenario = scenario
    self.note = note
    clients = rest.map {
      HTTPClient(loop: loop, address: $0.address, host: $0.authority, tls: $0.isSecure ? tls : nil)
    }
    let place = rest.first.map { "\($0.host)-\($0.port)" } ?? "none"
    file = "\(directory)/\(place)-\(Self.kind(scenario)).json"
    population = Population(users: scenario.users)
  }

  /// What makes one population serve another scenario too.
  private static func kind(_ scenario: Scenario) -> String {
    switch scenario.conversations {
    case .none: "\(scenario.users)"
    case .rooms(let count): "\(scenario.users)-rooms-\(count)"
    case .direct(let contacts): "\(scenario.users)-direct-\(contacts)"
    }
  }

  /// Makes it, or takes the one that is kept.
  func run() async throws(Failure) -> Population {
    defer { for client in clients { client.close() } }
    try await reach()
    if let kept = Self.kept(file, scenario) {
      population = kept
      if try await renewAll() {
        try save()
        note("\(population.users.count) users and \(population.conversations.count) conversations of an earlier run")
        return population
      }
      population = Population(users: scenario.users)
    }
    note("making \(scenario.users) users and \(scenario.conversationCount) conversations; they are kept for next time")
    try await each(scenario.users, "users") { [self] user throws(Failure) in try await register(user) }
    population.conversations = [Int64](repeating: 0, count: scenario.conversationCount)
    try await each(scenario.conversationCount, "conversations") { [self] place throws(Failure) in
      try await open(place)
    }
    try save()
    return population
  }

  /// New access tokens for all, for a run that outlives them.
  func renew() async throws(Failure) -> Population {
    guard try await renewAll() else { throw Failure(sentence: "The target renews no tokens any more.") }
    try save()
    return population
  }

  private static func kept(_ file: String, _ scenario: Scenario) -> Population? {
    guard let text = SmallFile.read(file) else { return nil }
    let limits = JSONLimits(bytesMax: SmallFile.bytesMax)
    guard let population = Population(try? JSONValue(parsing: text, limits: limits)),
      population.users.count == scenario.users, population.conversations.count == scenario.conversationCount
    else { return nil }
    return population
  }

  private func save() throws(Failure) {
    if let why = SmallFile.write(population.json.bytes, to: file, secret: true) {
      throw Failure(sentence: "The population cannot be kept: \(why).")
    }
  }

  /// Who is not there at all is not asked for a minute.
  private func reach() async throws(Failure) {
    for client in clients {
      do throws(CallFailure) {
        _ = try await client.call(.get, "/v1/info")
      } catch {
        throw Failure(sentence: "The target does not answer: \(error).")
      }
    }
  }

  // MARK: One thing

  private func register(_ user: Int) async throws(Failure) {
    let name = population.users[user].name
    let reply = try await call(
      .post, "/v1/users", ["username": .string(name), "password": .string(population.password)])
    guard reply.status == 201 || reply.status == 409 else { throw Self.refused("registering", reply) }
    try await signIn(user)
  }

  private func signIn(_ user: Int) async throws(Failure) {
    let reply = try await call(
      .post, "/v1/sessions",
      ["username": .string(population.users[user].name), "password": .string(population.password), "device": "bench"])
    guard reply.status == 201, take(reply, for: user) else { throw Self.refused("signing in", reply) }
  }

  private func take(_ reply: Reply, for user: Int) -> Bool {
    guard let body = try? JSONValue(parsing: reply.body), let access = body["access_token"]?.string,
      let refresh = body["refresh_token"]?.string
    else { return false }
    population.users[user].access = access
    population.users[user].refresh = refresh
    if let id = body["user"]?["id"]?.integer { population.users[user].id = id }
    return true
  }

  /// False when the target does not know them: it has been made anew.
  private func renewAll() async throws(Failure) -> Bool {
    guard scenario.users > 0, try await renew(0) else { return scenario.users == 0 }
    try await each(scenario.users - 1, "tokens") { [self] place throws(Failure) in
      if try await !renew(place + 1) { throw Failure(sentence: "The target knows some of the users only.") }
    }
    return true
  }

  private func renew(_ user: Int) async throws(Failure) -> Bool {
    let refresh = population.users[user].refresh
    let reply = try await call(.post, "/v1/sessions/refresh", ["refresh_token": .string(refresh)])
    if (200..<300).contains(reply.status) { return take(reply, for: user) }
    // A token that was renewed by a run which could not keep it ends its session; the password still counts.
    let again = try await call(
      .post, "/v1/sessions",
      ["username": .string(population.users[user].name), "password": .string(population.password), "device": "bench"])
    return again.status == 201 && take(again, for: user)
  }

  private func open(_ place: Int) async throws(Failure) {
    let members = scenario.members(of: place)
    guard let owner = members.first else { return }
    let isRoom = if case .rooms = scenario.conversations { true } else { false }
    let others = members.dropFirst()
    let peer = others.first.map { JSONValue.integer(population.users[$0].id) } ?? .null
    let body: JSONValue =
      isRoom ? ["kind": "public", "title": .string("bench \(place)")] : ["kind": "direct", "user": peer]
    if !isRoom { try await befriend(members) }
    let reply = try await call(.post, "/v1/conversations", body, as: owner)
    guard reply.status < 300, let id = (try? JSONValue(parsing: reply.body))?["id"]?.integer else {
      throw Self.refused("opening a conversation", reply)
    }
    population.conversations[place] = id
    guard isRoom else { return }
    for member in others {
      let joined = try await call(.put, "/v1/conversations/\(id)/members/me", nil, as: member)
      guard joined.status < 300 else { throw Self.refused("joining a room", joined) }
    }
  }

  private func befriend(_ pair: [Int]) async throws(Failure) {
    guard pair.count == 2 else { return }
    for (user, other) in [(pair[0], pair[1]), (pair[1], pair[0])] {
      let reply = try await call(.put, "/v1/contacts/\(population.users[other].id)", nil, as: user)
      guard reply.status < 300 else { throw Self.refused("becoming contacts", reply) }
    }
  }

  private static func refused(_ what: String, _ reply: Reply) -> Failure {
    let code = (try? JSONValue(parsing: reply.body))?["code"]?.string ?? "no code"
    return Failure(sentence: "\(what) was refused with \(reply.status) (\(Words.plain(code))).")
  }

  // MARK: Many things

  private func each(
    _ count: Int, _ noun: String, _ body: @escaping (Int) async throws(Failure) -> Void
  ) async throws(Failure) {
    guard count > 0 else { return }
    let run = Batch(loop: loop, count: count, body: body)
    let watch = loop.spawn { [weak run, note] in
      while let run, run.done < run.count {
        await run.loop.sleep(5_000)
        if run.done < run.count { note("\(run.done) of \(run.count) \(noun)") }
      }
    }
    defer { watch.cancel() }
    try await run.run(atOnce: Self.atOnceMax)
  }

  private func call(_ method: Method, _ path: String, _ body: JSONValue?, as user: Int? = nil)
    async throws(Failure) -> Reply
  {
    var headers: HeaderFields = [:]
    if body != nil { headers.append("Content-Type", "application/json") }
    if let user { headers.append("Authorization", "Bearer \(population.users[user].access)") }
    var why = "no answer"
    for attempt in 0..<Self.attemptsMax {
      turn += 1
      do throws(CallFailure) {
        let reply = try await clients[turn % clients.count].call(
          method, path, headers: headers, body: body?.bytes ?? [], deadline: 30_000)
        guard reply.status == 429 || reply.status == 503 else { return reply }
        why = "\(reply.status)"
      } catch {
        why = error.description
      }
      await loop.sleep(min(10_000, 50 << Int64(attempt)))
    }
    throw Failure(sentence: "\(method) \(path) failed \(Self.attemptsMax) times: \(why).")
  }
}

/// Many like things, a few of them under way at a time; the first that fails ends it.
private final class Batch: @unchecked Sendable {
  let loop: EventLoop
  let count: Int
  private(set) var done = 0
  private var next = 0
  private var running = 0
  private var failure: Preparation.Failure?
  private let body: (Int) async throws(Preparation.Failure) -> Void
  private var finished: CheckedContinuation<Void, Never>?

  init(loop: EventLoop, count: Int, body: @escaping (Int) async throws(Preparation.Failure) -> Void) {
    self.loop = loop
    self.count = count
    self.body = body
  }

  func run(atOnce: Int) async throws(Preparation.Failure) {
    await withCheckedContinuation { continuation in
      finished = continuation
      running = min(atOnce, count)
      for _ in 0..<running { loop.spawn { [self] in await work() } }
    }
    done = count
    if let failure { throw failure }
  }

  private func work() async {
    while next < count, failure == nil {
      let mine = next
      next += 1
      do throws(Preparation.Failure) {
        try await body(mine)
        done += 1
      } catch {
        failure = error
      }
    }
    running -= 1
    if running == 0 { finished?.resume() }
    if running == 0 { finished = nil }
  }
}
