import ChatCore
import Postgres
import PostgresStore
import TestKit
import Testing

/// A primary that acknowledges only what its standby has, too: reliability.md A2, stage 0.
@Suite("A synchronous standby", .serialized)
struct SynchronousStandbyTests {
  private struct Pair {
    let primary: PrivatePostgres
    let standby: PrivatePostgres
    let database: Database
    let cast: Cast
    let room: ConversationID

    /// As many messages as were accepted so far, counted on the server that is asked.
    func stored(on server: PrivatePostgres) async throws -> String {
      try await server.sql("SELECT count(*) FROM entry WHERE kind = 1", in: server.url(like: database.url))
        .filter { !$0.isWhitespace }
    }

    func end() async {
      await database.close()
      standby.end()
      primary.end()
    }
  }

  private static func pair() async throws -> Pair {
    let primary = try await PrivatePostgres.start()
    let url = try await primary.database()
    let database = try Database(url)
    try await database.migrate()
    let standby = try await primary.startStandby(name: "b")
    try await primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (b)'", in: "postgres")
    try await primary.sql("SELECT pg_reload_conf()", in: "postgres")
    for _ in 0..<500 {
      let state = try await primary.sql("SELECT sync_state FROM pg_stat_replication", in: "postgres")
      if state.hasPrefix("sync") { break }
      try await Task.sleep(for: .milliseconds(10))
    }
    let cast = try await Cast.gather(in: database.underTest)
    let room = try await cast.group().id
    return Pair(primary: primary, standby: standby, database: database, cast: cast, room: room)
  }

  @Test("while it is away sends are refused within 5 s, and a repeat afterwards is stored once")
  func standbyAway() async throws {
    let pair = try await Self.pair()
    _ = try await pair.cast.say("first", by: pair.cast.ada, in: pair.room, clientMessageID: "1")
    pair.standby.kill9()
    let (standstill, begin) = (try Standstill(), Stopwatch.now)
    await #expect(throws: ChatError.unavailable(.database, retryAfter: 1_000)) {
      _ = try await pair.cast.say("second", by: pair.cast.ada, in: pair.room, clientMessageID: "2")
    }
    #expect(standstill.took(from: begin) < 5_000)
    #expect(try await pair.stored(on: pair.primary) == "1", "what is not acknowledged is not shown")
    try await pair.standby.restart()
    var second: Appended?
    for _ in 0..<20 where second == nil {
      second = try? await pair.cast.say("second", by: pair.cast.ada, in: pair.room, clientMessageID: "2")
    }
    #expect(second?.message.seq == 3)
    #expect(try await pair.stored(on: pair.primary) == "2")
    await pair.end()
  }

  @Test("a primary that comes back after its standby was promoted acknowledges nothing any more")
  func stalePrimary() async throws {
    let pair = try await Self.pair()
    _ = try await pair.cast.say("first", by: pair.cast.ada, in: pair.room, clientMessageID: "1")
    pair.primary.kill9()
    try await pair.standby.promote()
    #expect(try await pair.stored(on: pair.standby) == "1")
    try await pair.primary.restart()
    await #expect(throws: ChatError.unavailable(.database, retryAfter: 1_000)) {
      _ = try await pair.cast.say("second", by: pair.cast.ada, in: pair.room, clientMessageID: "2")
    }
    #expect(try await pair.stored(on: pair.primary) == "1")
    await pair.end()
  }
}
