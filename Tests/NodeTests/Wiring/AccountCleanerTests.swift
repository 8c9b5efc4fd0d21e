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
    #expect(log.lines(1).first?.contains("what an account left behind is yet to be taken away") == true)
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
}
