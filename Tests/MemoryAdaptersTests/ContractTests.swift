import MemoryAdapters
import TestKit
import Testing

@Suite struct ContractTests {
  @Test("the contract of all stores holds in memory", arguments: AdapterContract.all)
  func contract(_ rule: ContractCase) async throws {
    try await rule.run(StoresUnderTest(MemoryWorld()))
  }
}
