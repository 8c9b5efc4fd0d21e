import TestKit
import Testing

@Suite("Presence in memory keeps the contract")
struct MemoryPresenceTests {
  @Test(arguments: PresenceContract.all)
  func contract(_ contractCase: PresenceContract.Case) async throws { try await contractCase.runInMemory() }
}
