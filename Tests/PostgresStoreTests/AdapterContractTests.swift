import ChatCore
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
      contacts: second.stores.contacts, cleanups: first.stores.cleanups, log: first.stores.log,
      messages: first.stores.messages, files: second.stores.files, blobs: first.stores.blobs,
      imports: second.stores.imports)
    try await contractCase.run(mixed)
  }

  @Test("a message's place told by a call is the one that waiting for it gives")
  func toldByCall() async throws {
    let (database, _) = try await Database.pair.value
    try await withTaskExecutorPreference(database.loop) {
      let cast = try await Cast.gather(in: database.underTest)
      let group = try await cast.group()
      let log = try #require(database.underTest.log.prompt)
      func told(_ text: String, by sender: User, as key: String?) async -> Result<Appended, ChatError> {
        await withCheckedContinuation { continuation in
          let message = NewMessage(
            conversation: group.id, sender: sender.id, type: .text, text: text, clientMessageID: key, replyTo: nil)
          log.append(message) { continuation.resume(returning: $0) }
        }
      }
      let first = try await told("once", by: cast.ada, as: "c").get()
      let edited = try await database.underTest.messages.change(
        first.message.id, .edit(text: "twice", versions: nil), by: cast.ada.id)
      let again = try await told("once", by: cast.ada, as: "c").get()
      #expect(!first.repeated && first.message.seq == 2)
      #expect(again == Appended(message: edited.message.told, repeated: true))
      let refusals = [await told("hi", by: cast.eve, as: nil), await told("a\u{0}b", by: cast.ada, as: nil)]
      #expect(refusals.first == .failure(.notFound(.conversation)))
      for refusal in refusals { #expect(throws: ChatError.self) { try refusal.get() } }
    }
  }
}
