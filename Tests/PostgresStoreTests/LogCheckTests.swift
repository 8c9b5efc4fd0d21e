import ChatCore
import PostgresStore
import TestKit
import Testing

@Suite("Logs in which nobody can write")
struct LogCheckTests {
  /// Sends there were 500, and the log said of which statement only.
  @Test("are found with what mends them, by the doctor whom the node's log names")
  func found() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let rooms = try await cast.groupsApart(3)
      for room in rooms { try await cast.say("hi", by: cast.ada, in: room) }
      #expect(try await LogCheck.run(on: database.pool) == [])
      let counters = try await database.stores.log.counters(of: rooms.map(\.bucket)).mapValues(\.newest)
      func sql(_ text: String) async throws {
        _ = try await PrivatePostgres.shared().sql(text, in: database.url)
      }
      let place = "bucket = \(rooms[0].bucket.number) AND id = \(rooms[0].rawValue)"
      try await sql("UPDATE conversation SET head = 1 WHERE \(place)")
      try await sql("DELETE FROM bucket_seq WHERE bucket = \(rooms[1].bucket.number)")
      try await sql("UPDATE bucket_seq SET head = head - 1 WHERE bucket = \(rooms[2].bucket.number)")
      for room in rooms {
        await #expect(throws: ChatError.self) { try await cast.say("lost", by: cast.ada, in: room) }
      }
      let (gone, behind) = (try #require(counters[rooms[1].bucket]), try #require(counters[rooms[2].bucket]))
      let findings = try await LogCheck.run(on: database.pool)
      #expect(
        Set(findings) == [
          .head(rooms[0], at: 1, newest: 2), .counter(rooms[1].bucket, at: nil, newest: gone),
          .counter(rooms[2].bucket, at: behind - 1, newest: behind),
        ])
      for finding in findings {
        #expect("\(finding)".hasSuffix(": \(finding.remedy)"))
        try await sql(finding.remedy)
      }
      #expect(try await LogCheck.run(on: database.pool) == [])
      for room in rooms { try await cast.say("on", by: cast.ada, in: room) }
    } reporting: {
      $0.hasSuffix(": a head or a counter is behind its log, `martlet doctor --logs` says which")
    }
  }
}
