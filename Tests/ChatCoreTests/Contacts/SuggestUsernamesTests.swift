import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct SuggestUsernamesTests {
  static let misspelt = ["margarete", "margarethe", "margaert", "argaret", "nargaret", "MARGRET", "margarxyz"]

  @Test(arguments: misspelt)
  func `a name is found under a misspelling`(query: String) async throws {
    let stage = try await crowd()
    let found = try await SuggestUsernames(query: query).run(in: stage.chat, as: stage.ada)
    #expect(found.map(\.username).contains("Margaret"), "\(query) gives \(found.map(\.username))")
  }

  @Test func `the nearest come first, at most five, nobody who differs by more, and not oneself`() async throws {
    let stage = try await crowd()
    let found = try await SuggestUsernames(query: "tim1").run(in: stage.chat, as: stage.ada)
    #expect(found.map(\.username) == ["tim", "tim2", "tim3", "tim4", "tim5"])
    #expect(try await SuggestUsernames(query: "unlike-anybody").run(in: stage.chat, as: stage.ada) == [])
    let own = stage.cast.ada.username + "x"
    let others = try await SuggestUsernames(query: own).run(in: stage.chat, as: stage.ada)
    #expect(others.allSatisfy { $0.id != stage.ada.user })
    await faulty(["/query too_short"]) { () throws(ChatError) in
      try await SuggestUsernames(query: "").run(in: stage.chat, as: stage.ada)
    }
  }

  private func crowd() async throws -> Stage {
    let stage = try await Stage.set()
    for name in ["Margaret", "maria", "tim", "tim2", "tim3", "tim4", "tim5", "tim6", "zoe"] {
      _ = try await stage.world.register(
        NewUser(username: Username(stored: name), displayName: name, email: nil, passwordHash: ""))
    }
    return stage
  }
}
