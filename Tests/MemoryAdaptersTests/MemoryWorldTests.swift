import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct MemoryWorldTests {
  @Test("the contract of all stores holds in memory", arguments: AdapterContract.all)
  func contract(_ rule: ContractCase) async throws {
    try await rule.run(StoresUnderTest(MemoryWorld()))
  }

  @Test("the contract holds on one world for all cases at once")
  func contractShared() async throws {
    let stores = StoresUnderTest(MemoryWorld())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for rule in AdapterContract.all { group.addTask { try await rule.run(stores) } }
      try await group.waitForAll()
    }
  }

  @Test func `a bucket's counter is dense over all its conversations`() async throws {
    let stage = try await Stage.set()
    let ada = stage.cast.ada
    let bucket = ada.id.bucket
    let before = try await stage.world.counters(of: [bucket])[bucket]?.newest ?? 0
    for _ in 1...3 { _ = try await stage.cast.group() }
    let entries = try await stage.world.entries(of: ada.ownConversation, after: 1, limit: 9)
    let shared = entries.filter { $0.id.counter > before }
    #expect(shared.map(\.id.counter) == [before + 1, before + 2, before + 3])
  }

  @Test func `a world that is away refuses everything, and comes back whole`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    stage.world.isAway = true
    await #expect(throws: ChatError.unavailable(.database, retryAfter: 1000)) {
      try await stage.world.heads(of: [group.id])
    }
    stage.world.isAway = false
    #expect(try await stage.world.heads(of: [group.id]) == [group.id: 1])
  }

  @Test func `times come from the world's clock`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group()
    stage.clock.advance(by: 5)
    let said = try await stage.cast.say("hi", by: stage.cast.ada, in: group.id)
    #expect(said.message.createdAt == group.createdAt.adding(milliseconds: 5))
  }
}
