import ChatCore
import PostgresStore
import TestKit
import Testing

/// Who tells a bucket's counter: reliability.md F16.
@Suite("The server of a counter")
struct CounterServerTests {
  @Test("a server that has taken over says so with each counter, and one that was started again too")
  func another() async throws {
    let before = try await PrivatePostgres.start()
    let url = try await before.database()
    let old = try Database(url)
    try await old.migrate()
    let cast = try await Cast.gather(in: old.underTest)
    let bucket = try await cast.group().id.bucket
    let told = { (database: Database) async throws in
      try #require(try await database.stores.log.counters(of: [bucket])[bucket])
    }
    let first = try await told(old)
    #expect(try await told(old) == first)
    let after = try await before.startStandby()
    try await after.catchUp(with: before)
    try await after.promote()
    let database = try Database(after.url(like: url))
    let second = try await told(database)
    #expect(second.newest == first.newest && second.server != first.server)
    before.kill9()
    try await before.restart()
    var third: BucketCounter?
    for _ in 0..<20 where third == nil { third = try? await told(old) }
    #expect(third?.newest == first.newest && third?.server != first.server)
    for each in [old, database] { await each.close() }
    for server in [before, after] { server.end() }
  }
}
