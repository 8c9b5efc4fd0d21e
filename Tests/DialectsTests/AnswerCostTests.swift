import API
import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import Synchronization
import TestKit
import Testing

@testable import Dialects

/// What a list that is answered whole costs: reads, and room until it is read.
@Suite struct AnswerCostTests {
  /// Counts in buckets, as a node does.
  private struct Buckets: DialectGate {
    let gate: RateGate

    init(_ time: VirtualTime, burst: Int) {
      gate = RateGate(
        limiter: MemoryRateLimiter(clock: VirtualClock(time)),
        policies: [.read: RatePolicy(burst: burst, perSecond: 1), .search: RatePolicy(burst: burst, perSecond: 1)])
    }

    func retryAfter(_ rate: Rate, _ caller: Caller?, address: String) async -> Milliseconds? {
      rate == .read ? await gate.retryAfter(.read, caller, address: address) : nil
    }

    func retryAfter(furtherPage number: Int, _ caller: Caller?, address: String) async -> Milliseconds? {
      await gate.retryAfter(.read, furtherPage: number, caller, address: address)
    }

    func signIn(
      _ username: String, address: String, _ body: @Sendable () async throws(ChatError) -> SignedIn
    ) async throws(ChatError) -> SignedIn { try await body() }
  }

  private static func stage(
    burst: Int, hold: @escaping @Sendable (UserID?, String) -> BodyHold = { _, _ in BodyHold { _, _ in } }
  ) async throws -> (MemoryStage, token: String) {
    var limits = Limits()
    limits.pageMax = 2
    let time = VirtualTime()
    let stage = MemoryStage(.realtime, gate: Buckets(time, burst: burst), limits: limits, time: time, hold: hold)
    for name in ["ada", "bob"] {
      let account: JSONValue = ["username": .string(name), "email": "a@example.org", "password": "pw"]
      #expect(try await stage.request("POST", "/api/auth/register", json, account.bytes).status == 201)
    }
    let login: JSONValue = ["username": "ada", "password": "pw"]
    let answer = try await stage.request("POST", "/api/auth/login", json, login.bytes)
    return (stage, try #require(try JSONValue(parsing: answer.body)["access_token"]?.string))
  }

  private static let json: HeaderFields = ["Content-Type": "application/json"]

  private static func say(_ text: String, times: Int, on stage: MemoryStage, _ token: String) async throws {
    let fields: HeaderFields = ["Content-Type": "application/json", "Authorization": "Bearer \(token)"]
    for number in 0..<times {
      let body: JSONValue = ["content": .string("\(number) \(text)")]
      #expect(try await stage.request("POST", "/api/messages", fields, body.bytes).status == 201)
    }
  }

  private static func history(
    _ stage: MemoryStage, _ token: String
  ) async throws -> (status: Int, retryAfter: String?, messages: Int) {
    let answer = try await stage.request("GET", "/api/messages", ["Authorization": "Bearer \(token)"], [])
    let messages = try JSONValue(parsing: answer.body)["messages"]?.array?.count ?? 0
    return (answer.status, answer.headers["Retry-After"], messages)
  }

  @Test func `a list of more pages than the bucket holds costs half of it, and who lacks that is told when to come`()
    async throws
  {
    let (stage, token) = try await Self.stage(burst: 8)
    try await Self.say("hello", times: 30, on: stage, token)
    stage.time.run(for: 60_000)
    #expect(try await Self.history(stage, token) == (200, nil, 30))
    #expect(try await Self.history(stage, token) == (200, nil, 30))
    var answer = try await Self.history(stage, token)
    #expect(answer.status == 429)
    // Told of its first page, then of the others: who comes as he is told has it the third time.
    for _ in 0..<2 {
      let wait = try #require(answer.retryAfter.flatMap { Int64($0) })
      stage.time.run(for: wait * 1_000)
      answer = try await Self.history(stage, token)
      if answer.status == 200 { break }
    }
    #expect(answer == (200, nil, 30))
  }

  @Test func `a long history takes room while it gathers, for its reader, and is refused where there is none`()
    async throws
  {
    let held = Mutex((now: 0, most: 0, whose: Set<UserID?>(), limit: Int.max))
    let (stage, token) = try await Self.stage(burst: 1_000) { user, _ in
      held.withLock { _ = $0.whose.insert(user) }
      return BodyHold { (old, new) throws(HTTP1.Refusal) in
        try held.withLock { (held) throws(HTTP1.Refusal) in
          guard new <= held.limit else { throw Refusal(503, "full", "There is no room.", retryAfterSeconds: 2) }
          held.now += new - old
          held.most = max(held.most, held.now)
        }
      }
    }
    try await Self.say(String(repeating: "x", count: 10_000), times: 5, on: stage, token)
    #expect(try await Self.history(stage, token).status == 200)
    #expect(held.withLock { $0.most } == 0, "what is short needs no room")
    try await Self.say(String(repeating: "x", count: 10_000), times: 5, on: stage, token)
    #expect(try await Self.history(stage, token).status == 200)
    #expect(held.withLock { $0.most } > 100_000)
    #expect(held.withLock { $0.now } == 0, "the answer is gone, and its room given back")
    #expect(held.withLock { $0.whose.count } == 1 && held.withLock { !$0.whose.contains(nil) })
    held.withLock { $0.limit = 80_000 }
    let refused = try await Self.history(stage, token)
    #expect(refused.status == 503)
    #expect(refused.retryAfter == "2")
    #expect(held.withLock { $0.now } == 0)
  }
}
