import ChatCore
import IORuntime
import MemoryAdapters
import TestKit
import Testing

@testable import Node

@Suite struct AccountCleanerTests {
  @Test func `who ends his account leaves at once, though somebody before him could not`() async throws {
    let log = WrittenLog(level: .warning)
    let stage = try await Stage.set()
    let room = try await stage.cast.group(with: [stage.cast.bob, stage.cast.eve]).id
    let loop = try EventLoop(name: "test")
    try loop.start()
    defer { loop.stop() }
    let cleaner = AccountCleaner(loop: loop, logger: log.logger)
    let chat = stage.chat
    loop.execute { cleaner.start(chat) }
    for caller in [stage.bob, stage.eve] { try await DeleteAccount(password: nil).run(in: chat, as: caller) }
    stage.world.isAway = true
    cleaner.ended(stage.bob.user)
    let line = try #require(log.lines(1).first)
    #expect(line.contains("what an account left behind is yet to be taken away"))
    #expect(line.contains("user=\(stage.bob.user.rawValue)"))
    stage.world.isAway = false
    cleaner.ended(stage.eve.user)
    _ = try await onLoop { other in
      try await eventually(within: 10_000, on: other) {
        stage.publisher.entries.contains { $0.conversation == room && $0.event.name == "member.left" }
      }
    }
    let left = try await stage.world.members(of: room, after: nil, limit: 9).map(\.user)
    #expect(left == [stage.ada.user, stage.bob.user])
    #expect(try await stage.world.idleCleanups(for: 0, limit: 9).contains(stage.bob.user))
    loop.execute { cleaner.stop() }
  }

  @Test func `who ends his account while others' are looked through waits for one of them only`() async throws {
    var limits = Limits()
    (limits.signalMembersMax, limits.fanOutPerSecond, limits.fanOutBurst) = (1, 10, 2)
    let stage = try await Stage.set(limits: limits)
    let zoe = try await stage.cast.extra("zoe")
    let room = try await stage.cast.group(with: [stage.cast.bob]).id
    let others = [try await stage.cast.group(with: [stage.cast.eve]).id, try await stage.cast.group(with: [zoe]).id]
    for user in [stage.cast.bob, stage.cast.eve] {
      #expect(try await stage.world.delete(user.id))
      stage.clock.advance(by: 1)
    }
    stage.clock.advance(by: 61_000)
    // The first has a tenth of a second to wait for his room.
    _ = await stage.chat.limiter.take("fan_out_gone:\(room.rawValue)", cost: 2, capacity: 2, refillPerSecond: 0.2)
    stage.clock.advance(by: 9_900)
    let loop = try EventLoop(name: "test")
    try loop.start()
    defer { loop.stop() }
    let cleaner = AccountCleaner(loop: loop, logger: WrittenLog(level: .warning).logger)
    let (chat, clock) = (stage.chat, stage.clock)
    #expect(try await stage.world.delete(zoe.id))
    loop.execute {
      cleaner.start(chat)
      cleaner.look()
    }
    cleaner.ended(zoe.id)
    loop.execute { clock.advance(by: 200) }
    _ = try await onLoop { other in
      try await eventually(within: 10_000, on: other) {
        stage.publisher.entries.filter { $0.event.name == "member.left" }.count == 3
      }
    }
    let left = stage.publisher.entries.filter { $0.event.name == "member.left" }.map(\.conversation)
    #expect(left == [room, others[1], others[0]])
    loop.execute { cleaner.stop() }
  }
}
