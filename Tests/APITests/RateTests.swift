import API
import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import Synchronization
import TestKit
import Testing

@Suite("Rates")
struct RateTests {
  static let policies: [RateClass: RatePolicy] = [
    .read: RatePolicy(burst: 2, perSecond: 0.5), .signIn: RatePolicy(burst: 2, perSecond: 1),
    .send: RatePolicy(burst: 1, perSecond: 1),
  ]

  @Test func `each answer says what is left, and past it 429 says when to come back`() async throws {
    let door = try await Door.open(policies: Self.policies)
    let replies = [
      await door.send(.get, "/v1/users/me", as: door.stage.ada),
      await door.send(.get, "/v1/sessions", as: door.stage.ada),
      await door.send(.get, "/v1/users/me", as: door.stage.ada),
    ]
    #expect(replies.map(\.status) == [200, 200, 429])
    #expect(replies.map { $0.headers["ratelimit"] } == [1, 0, 0].map { "\"read\";r=\($0);t=3" })
    #expect(replies.allSatisfy { $0.headers.values(for: "ratelimit-policy") == ["\"read\";q=2;w=4"] })
    #expect(replies[2].summary == "429 rate_limited")
    #expect(replies[2].headers["retry-after"] == "2")
    #expect(replies[2]["retry_after_ms"]?.integer == 1500)
    #expect(await door.send(.get, "/v1/users/me", as: door.stage.bob).status == 200)
    #expect(await door.send(.patch, "/v1/users/me", [:], as: door.stage.ada).headers["ratelimit"] == nil)
  }

  @Test func `requests of nobody count for their address, not for all the nobodies together`() async throws {
    let door = try await Door.open()
    let gate = RateGate(limiter: door.limiter, policies: Self.policies)
    _ = await gate.retryAfter(.read, nil, address: "192.0.2.1")
    _ = await gate.retryAfter(.read, door.stage.ada, address: "192.0.2.1")
    #expect(Set(door.limiter.keys.keys) == ["read:a:192.0.2.1", "read:u:\(door.stage.ada.user.rawValue)"])
  }

  @Test func `an operation of a socket takes from one bucket, whether it waits or is called back`() async throws {
    let stage = try await Stage.set()
    let gate = RateGate(limiter: MemoryRateLimiter(clock: stage.clock), policies: Self.policies)
    let told = Mutex<[Milliseconds?]>([])
    for _ in 0..<2 { #expect(gate.ask(.send, stage.ada) { wait in told.withLock { $0.append(wait) } }) }
    #expect(told.withLock { $0 } == [nil, 1_000])
    #expect(await gate.retryAfter(.send, stage.ada) == 1_000)
    #expect(gate.ask(.write, stage.ada) { wait in told.withLock { $0.append(wait) } })
    #expect(told.withLock { $0.last } == .some(nil), "a class without a policy is not counted")
    let door = try await Door.open()
    let waiting = RateGate(limiter: door.limiter, policies: Self.policies)
    #expect(!waiting.ask(.send, stage.ada) { _ in Issue.record("nobody is called") })
    #expect(door.limiter.keys.isEmpty)
  }

  @Test func `further pages of a list cost up to half of the bucket, and are told when it is full`() async throws {
    let stage = try await Stage.set()
    let policy = RatePolicy(burst: 6, perSecond: 1)
    let gate = RateGate(limiter: MemoryRateLimiter(clock: stage.clock), policies: [.read: policy])
    func page(_ number: Int, _ kind: RateClass = .read) async -> Milliseconds? {
      await gate.retryAfter(kind, furtherPage: number, stage.ada, address: "")
    }
    for number in 1...200 { #expect(await page(number) == nil) }
    for _ in 0..<4 { #expect(await gate.retryAfter(.read, stage.ada) == nil) }
    #expect(await gate.retryAfter(.read, stage.ada) == 1_000, "two pages were counted")
    #expect(await page(1) == 6_000)
    #expect(await page(1, .search) == nil, "a class without a policy is not counted")
  }

  @Test func `a refusal of the row says what is left too`() async throws {
    let door = try await Door.open(policies: Self.policies)
    let reply = await door.send(.get, "/v1/users/me?x=1", as: door.stage.ada)
    #expect(reply.status == 400)
    #expect(reply.headers["ratelimit"] == "\"read\";r=1;t=3")
  }

  @Test func `failed sign-ins are counted by address, of IPv6 by its network`() async throws {
    let door = try await Door.open(policies: Self.policies)
    #expect(await signIn(door, from: "2001:db8::1").status == 401)
    #expect(await signIn(door, from: "2001:db8::2").status == 401)
    #expect(await signIn(door, from: "2001:db8::3").status == 429)
    #expect(await signIn(door, from: "192.0.2.2").status == 401)
    #expect(door.limiter.keys == ["sign_in:a:2001:db8:0:0::/64": 3, "sign_in:a:192.0.2.2": 1])
  }

  @Test func `who signs in and who sends nonsense are not counted`() async throws {
    let door = try await Door.open(policies: Self.policies)
    let ada = door.stage.cast.ada.username
    for _ in 0..<5 { #expect(await signIn(door, ada, Stage.password, from: "192.0.2.1").status == 201) }
    for _ in 0..<5 { #expect(await signIn(door, "ada", "", from: "192.0.2.1").status == 400) }
    #expect(await refresh(door, "nonsense").status == 401)
    #expect(door.limiter.keys == ["sign_in:a:192.0.2.1": 1])
  }

  @Test(arguments: [true, false])
  func `who guesses at an account waits, also with the right password, but not at other addresses`(
    exists: Bool
  ) async throws {
    let door = try await Door.open(policies: [.signInAccount: RatePolicy(burst: 2, perSecond: 0)])
    let name = exists ? door.stage.cast.ada.username : "nobody"
    #expect(await signIn(door, name, "guess 1", from: "192.0.2.1").status == 401)
    #expect(await signIn(door, name.uppercased(), "guess 2", from: "192.0.2.1").status == 401)
    let third = await signIn(door, name, Stage.password, from: "192.0.2.1")
    #expect(third.summary == "429 rate_limited")
    #expect(third["detail"]?.string?.contains(name) == false)
    #expect(await signIn(door, door.stage.cast.bob.username, Stage.password, from: "192.0.2.1").status == 201)
    #expect(await signIn(door, name, Stage.password, from: "192.0.2.2").status == (exists ? 201 : 401))
  }

  @Test func `ten addresses together exhaust an account`() async throws {
    let door = try await Door.open(policies: [.signInAccount: RatePolicy(burst: 1, perSecond: 0)])
    for place in 1...10 { #expect(await signIn(door, "ada", "guess", from: "192.0.2.\(place)").status == 401) }
    #expect(await signIn(door, "ada", "guess", from: "192.0.2.11").status == 429)
  }

  @Test func `tries under way count as failed, so that many at once gain nothing`() async throws {
    let door = try await Door.open(policies: [.signInAccount: RatePolicy(burst: 5, perSecond: 0)])
    let statuses = await withTaskGroup { group in
      for number in 0..<100 {
        group.addTask { await signIn(door, "ada", "guess \(number)", from: "192.0.2.1").status }
      }
      return await group.reduce(into: [:]) { counts, status in counts[status, default: 0] += 1 }
    }
    #expect(statuses == [401: 5, 429: 95])
  }

  @Test func `a name of any length is counted by its beginning, so that a short one is remembered`() async throws {
    let door = try await Door.open()
    let gate = RateGate(limiter: door.limiter, policies: [.signInAccount: RatePolicy(burst: 2, perSecond: 0)])
    for length in [64, 256, 257, 100_000] {
      let name = String(repeating: "é", count: length / 2)
      try? await gate.attempt(username: name, address: "192.0.2.1") { () throws(ChatError) in
        throw ChatError.unauthenticated(.wrongCredentials)
      }
    }
    let names = Set(door.limiter.keys.keys.compactMap { $0.split(separator: " ").last.map { $0.utf8.count } })
    #expect(names == [64, 256])
  }

  @Test func `who guesses at the password of the account whose token he has waits`() async throws {
    let door = try await Door.open(policies: [.signInAccount: RatePolicy(burst: 2, perSecond: 0)])
    func guess(_ password: String, as caller: Caller) async -> Int {
      let change: JSONValue = ["password": .string(password), "new_password": "longer than before"]
      return await door.send(.post, "/v1/users/me/password", change, as: caller).status
    }
    let ada = door.stage.ada
    #expect(await guess("one", as: ada) == 401)
    #expect(await door.send(.delete, "/v1/users/me", ["password": "two"], as: ada).status == 401)
    #expect(await guess(Stage.password, as: ada) == 429)
    #expect(await guess(Stage.password, as: door.stage.bob) == 204)
    #expect(await signIn(door, door.stage.cast.ada.username, Stage.password, from: "192.0.2.1").status == 201)
  }

  @Test func `a refused token is 401 however often it comes, so that its client knows to refresh`() async throws {
    let door = try await Door.open(policies: Self.policies)
    let bad: HeaderFields = ["Authorization": "Bearer nonsense"]
    for _ in 0..<5 { #expect(await door.send(.get, "/v1/users/me", headers: bad).status == 401) }
    #expect(door.limiter.keys.isEmpty)
  }

  @Test func `every row has the class that its work has`() async throws {
    let rows = try await Door.open().rows
    let byClass = Dictionary(grouping: rows, by: \.rate).mapValues { Set($0.map(\.name)) }
    #expect(byClass[.register] == ["registerUser"])
    #expect(byClass[.signIn] == ["signIn", "refreshSession", "changePassword", "deleteMe"])
    #expect(byClass[.send] == ["sendMessage"])
    #expect(byClass[.search] == ["searchUsers"])
    #expect(byClass[.none] == ["showInfo", "showKeys", "showOpenAPI", "showAsyncAPI"])
    for row in rows where row.rate == .read { #expect(row.method == .get, "\(row.name)") }
    for row in rows where row.rate == .write { #expect(row.method != .get, "\(row.name)") }
  }

  @Test(arguments: [
    (10, 1.0, 10), (1, 1000.0, 1), (100, 0.0, 1), (100, -1.0, 1), (1, 1e-300, 1), (1, .nan, 1), (5, 0.5, 10),
  ])
  func `a policy's window is when an empty bucket is full again`(burst: Int, rate: Double, window: Int) async throws {
    let door = try await Door.open(policies: [.read: RatePolicy(burst: burst, perSecond: rate)])
    let reply = await door.send(.get, "/v1/users/me", as: door.stage.ada)
    #expect(reply.headers["ratelimit-policy"] == "\"read\";q=\(burst);w=\(window)")
  }

  private func signIn(
    _ door: Door, _ name: String = "a", _ password: String = "b", from peer: String
  ) async -> Reply {
    await door.send(
      raw: Array(#"{"username":"\#(name)","password":"\#(password)"}"#.utf8), .post, "/v1/sessions",
      headers: ["Content-Type": "application/json"], peer: peer)
  }

  private func refresh(_ door: Door, _ token: String) async -> Reply {
    await door.send(.post, "/v1/sessions/refresh", ["refresh_token": .string(token)])
  }
}
