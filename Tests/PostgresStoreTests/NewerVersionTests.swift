import ChatCore
import PostgresStore
import TestKit
import Testing

@Suite("Beside a newer version")
struct NewerVersionTests {
  @Test("entries and types of messages that only a newer node knows do not fail the pages in which they stand")
  func unknownKinds() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let group = try await cast.group()
      let first = try await cast.say("first", by: cast.ada, in: group.id).message
      let server = try await PrivatePostgres.shared()
      try await server.sql(
        "SELECT append_entry(\(group.id.bucket.number)::smallint, \(group.id.rawValue), 99::smallint, "
          + "\(cast.ada.id.rawValue), 'ada', 'not even JSON', now())", in: database.url)
      let last = try await cast.say("last", by: cast.bob, in: group.id).message
      try await server.sql(
        "UPDATE entry SET type = 'hologram' WHERE bucket = \(group.id.bucket.number) AND id = \(first.id.rawValue)",
        in: database.url)
      let log = try await database.stores.log.entries(of: group.id, after: 1, limit: 9)
      #expect(log.map(\.event) == [.messageCreated(first), .unknown(code: 99), .messageCreated(last)])
      #expect(log.map(\.seq) == [2, 3, 4])
      let page = try await database.stores.log.messages(of: group.id, page: .latest, limit: 9)
      #expect(page == [first, last])
    }
  }
}
