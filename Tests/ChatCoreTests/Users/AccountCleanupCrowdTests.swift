import ChatCore
import MemoryAdapters
import Synchronization
import TestKit
import Testing

/// How those whose accounts have ended leave crowds.
@Suite struct AccountCleanupCrowdTests {
  /// 401 members are told that one goes, 302 that the hundredth does: 35,150 deliveries, of which 20,000 may be at once
  /// and 10,000 more a second.
  @Test func `many who end at once take nothing from those who write, and wait for what is theirs`() async throws {
    let stage = try await Stage.set()
    var crowd: [User] = []
    for number in 0..<400 { crowd.append(try await stage.cast.extra("m\(number)")) }
    let room = try await stage.cast.group(with: crowd).id
    let waited = Mutex<Milliseconds>(0)
    for user in crowd.prefix(100) {
      #expect(try await stage.world.delete(user.id))
      let outcome = try await AccountCleanup(of: user.id) { span in
        stage.clock.advance(by: span)
        waited.withLock { $0 += span }
      }.run(in: stage.chat)
      #expect(outcome == .done)
    }
    #expect((1_515...1_700).contains(waited.withLock { $0 }))
    let limits = stage.chat.limits
    let left = await stage.chat.limiter.take(
      "fan_out:\(room.rawValue)", cost: limits.fanOutBurst, capacity: limits.fanOutBurst, refillPerSecond: 1)
    #expect(left.allowed)
    #expect(try await stage.members(room) == 301)
  }

  @Test func `a crowd that may not be told for long is left another time, and the rest at once`() async throws {
    var limits = Limits()
    (limits.signalMembersMax, limits.fanOutPerSecond, limits.fanOutBurst) = (1, 1, 3)
    let stage = try await Stage.set(limits: limits)
    let (ada, bob, eve) = (stage.cast.ada, stage.cast.bob, stage.cast.eve)
    let room = try await stage.cast.group(with: [bob, eve]).id
    let later = try await stage.cast.group(with: [eve]).id
    _ = try await AddContact(user: eve.id, mutual: true).run(in: stage.chat, as: stage.ada)
    for user in [bob, eve] { #expect(try await stage.world.delete(user.id)) }
    #expect(try await stage.cleanUp(bob) == .done)
    #expect(try await stage.cleanUp(eve) == .unfinished)
    #expect(try await [stage.members(room), stage.members(later)] == [2, 1])
    #expect(try await stage.world.contacts(of: ada.id, in: Set(ContactState.allCases), after: nil, limit: 9) == [])
    stage.clock.advance(by: 101_000)
    #expect(try await stage.cleanUp(eve) == .done)
    #expect(try await stage.members(room) == 1)
  }

  @Test func `while it waits for one crowd after the other nobody else takes it up`() async throws {
    var limits = Limits()
    limits.signalMembersMax = 1
    let stage = try await Stage.set(limits: limits)
    for _ in 0..<9 { _ = try await stage.cast.group() }
    #expect(try await stage.world.delete(stage.bob.user))
    let chat = Chat(
      users: stage.world, sessions: stage.world, conversations: stage.world, contacts: stage.world,
      cleanups: stage.world, log: stage.world, messages: stage.world, files: stage.world, blobs: stage.world,
      credentials: stage.credentials, publisher: stage.publisher, limiter: Reluctant(), clock: stage.clock,
      limits: limits)
    let found = Mutex<[UserID]>([])
    let begun = stage.clock.now
    let outcome = try await AccountCleanup(of: stage.bob.user) { span in
      stage.clock.advance(by: span)
      let idle = try? await stage.world.idleCleanups(for: AccountCleanup.idleMax, limit: 9)
      found.withLock { $0 += idle ?? [] }
    }.run(in: chat)
    #expect(outcome == .done && found.withLock { $0 } == [])
    #expect(stage.clock.now.milliseconds - begun.milliseconds == 81_000)
  }

  /// Has nothing for who asks first.
  private final class Reluctant: RateLimiter {
    private let asked = Mutex<Set<String>>([])

    func take(_ key: String, cost: Int, capacity: Int, refillPerSecond: Double) async -> RateDecision {
      let isFirst = asked.withLock { $0.insert(key).inserted }
      return RateDecision(allowed: !isFirst, remaining: 0, retryAfter: isFirst ? 9_000 : 0, resetAfter: 9_000)
    }
  }
}
