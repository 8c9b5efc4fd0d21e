import PostgresStore
import TestKit
import Testing

@Suite("PostgreSQL keeps the contract of the stores", .serialized)
struct AdapterContractTests {
  @Test("asked from the loop itself, as nodes ask", arguments: AdapterContract.all)
  func onTheLoop(_ contractCase: ContractCase) async throws {
    let (database, _) = try await Database.pair.value
    try await withTaskExecutorPreference(database.loop) { try await contractCase.run(database.underTest) }
  }

  @Test("with messages stored step by step, as on Citus", arguments: AdapterContract.all)
  func stepwise(_ contractCase: ContractCase) async throws {
    let database = try await Database.stepwise.value
    try await withTaskExecutorPreference(database.loop) { try await contractCase.run(database.underTest) }
  }

  @Test("asked from other threads, through two loops at once", arguments: AdapterContract.all)
  func fromOutside(_ contractCase: ContractCase) async throws {
    let (first, second) = try await Database.pair.value
    let mixed = StoresUnderTest(
      users: first.stores.users, sessions: second.stores.sessions, conversations: second.stores.conversations,
      contacts: second.stores.contacts, log: first.stores.log, messages: first.stores.messages,
      files: second.stores.files, blobs: first.stores.blobs,
      imports: second.stores.imports)
    try await contractCase.run(mixed)
  }
}
