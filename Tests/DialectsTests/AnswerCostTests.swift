import API
import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Dialects

/// What a list that is answered whole costs: reads.
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

  static func stage(
    burst: Int, room: Int = .max,
    hold: @escaping @Sendable (UserID?, String) -> BodyHold = { _, _ in BodyHold() }
  ) async throws -> (MemoryStage, token: String) {
    var limits = Limits()
    limits.pageMax = 2
    let time = VirtualTime()
    let stage = MemoryStage(
      .realtime, gate: Buckets(time, burst: burst), limits: limits, time: time, room: room, hold: hold)
    for name in ["ada", "bob"] {
      let account: JSONValue = ["username": .string(name), "email": "a@example.org", "password": "pw"]
      #expect(try await stage.request("POST", "/api/auth/register", json, account.bytes).status == 201)
    }
    let login: JSONValue = ["username": "ada", "password": "pw"]
    let answer = try await stage.request("POST", "/api/auth/login", json, login.bytes)
    return (stage, try #require(try JSONValue(parsing: answer.body)["access_token"]?.string))
  }

  static let json: HeaderFields = ["Content-Type": "application/json"]

  static func say(_ text: String, times: Int, on stage: MemoryStage, _ token: String) async throws {
    let fields: HeaderFields = ["Content-Type": "application/json", "Authorization": "Bearer \(token)"]
    for number in 0..<times {
      let body: JSONValue = ["content": .string("\(number) \(text)")]
      #expect(try await stage.request("POST", "/api/messages", fields, body.bytes).status == 201)
    }
  }

  static func history(
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
}
