import ChatCore
import TestKit
import Testing

/// On servers of the process' own, without vacuum: what is claimed is claimed of plain PostgreSQL's planner. On a Citus
/// the shards' node plans each part by the same indexes.
@Suite("Plans")
struct PlanTests {
  /// A bug once: with one condition more than its key, the lookup of an answered message read the whole conversation
  /// for each message, as long as the tables had no statistics; 100 ms for a batch of 64 after ten thousand messages.
  @Test("without statistics too, storing, changing and reading touch the rows they need and no others")
  func rowsTouched() async throws {
    let server = try await PrivatePostgres.start(settings: ["autovacuum=off"])
    defer { server.end() }
    let url = try await Database.with(on: server) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      let first = try await cast.say("first", by: cast.ada, in: room).message.id
      try await withThrowingTaskGroup(of: Void.self) { group in
        for sender in 0..<20 {
          group.addTask {
            for number in 0..<100 {
              let reply = number.isMultiple(of: 2) ? first : nil
              try await cast.say(
                "\(number)", by: cast.ada, in: room, clientMessageID: "\(sender)-\(number)", replyTo: reply)
            }
          }
        }
        try await group.waitForAll()
      }
      for seq in stride(from: Int64(10), to: 2_000, by: 100) {
        let page = try await cast.stores.log.messages(of: room, page: .before(seq), limit: 5)
        #expect(page.count == 5)
        let entries = try await cast.stores.log.entries(of: room, after: seq, limit: 5)
        #expect(entries.count == 5)
      }
      for _ in 0..<20 {
        let counter = try await cast.stores.log.counters(of: [room.bucket])[room.bucket]?.newest ?? 0
        #expect(try await cast.stores.log.heads(after: [room.bucket: counter - 5]) == [room: 2_002])
      }
      for number in 0..<20 {
        _ = try await cast.stores.messages.change(first, .edit(text: "\(number)", versions: nil), by: cast.ada.id)
        _ = try await cast.stores.messages.change(first, .react(emoji: "👍", kindsMax: 9), by: cast.bob.id)
        let entries = try await cast.stores.log.entries(of: room, after: 2_002, limit: 5)
        #expect(entries.first?.event.name == "message.edited")
      }
      return database.url
    }
    // A session leaves what it has counted when it ends.
    var rows = 0
    for _ in 0..<200 where rows < 1_000 {
      try await Task.sleep(for: .milliseconds(100))
      let read = try await server.sql(
        "SELECT sum(idx_tup_read) + (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = 'entry') "
          + "FROM pg_stat_user_indexes WHERE relname = 'entry'", in: url)
      rows = try #require(Int(read.filter(\.isNumber)))
    }
    #expect(rows >= 1_000, "the replies' lookups are counted")
    #expect(rows < 2_000 * 5, "\(rows) index entries read for 2,000 messages")
  }

  @Test("without statistics too, a message between two touches their pair's row and no other")
  func pairsTouched() async throws {
    let server = try await PrivatePostgres.start(settings: ["autovacuum=off"])
    defer { server.end() }
    let url = try await Database.with(on: server) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let direct = try await cast.direct()
      // As many other pairs in the same bucket as a great cluster has.
      try await server.sql(
        """
        INSERT INTO contact_pair (bucket, low, high, low_listed, low_tie, low_block, low_initiator, high_listed,
          high_tie, high_block, high_initiator)
        SELECT \(direct.id.bucket.number), number, number + 1, true, 'none', 'none', false, true, 'none', 'none', false
        FROM generate_series(1, 5000) AS number
        """, in: database.url)
      for number in 0..<500 {
        try await cast.say("\(number)", by: number.isMultiple(of: 2) ? cast.ada : cast.bob, in: direct.id)
      }
      let listed = try await cast.stores.contacts.contacts(of: cast.ada.id, in: [.new], after: nil, limit: 9)
      #expect(listed.isEmpty)
      return database.url
    }
    // A session leaves what it has counted when it ends.
    var scans = 0
    for _ in 0..<200 where scans < 500 {
      try await Task.sleep(for: .milliseconds(100))
      scans = try await number("SELECT idx_scan FROM pg_stat_user_tables WHERE relname = 'contact_pair'", server, url)
    }
    #expect(scans >= 500, "each message looks")
    let read = "SELECT idx_tup_fetch + seq_tup_read FROM pg_stat_user_tables WHERE relname = 'contact_pair'"
    #expect(try await number(read, server, url) <= 600, "and reads one row at most")
    let written = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'contact_pair'"
    #expect(try await number(written, server, url) < 20, "written once a minute, not with each message")
  }

  private func number(_ query: String, _ server: PrivatePostgres, _ url: String) async throws -> Int {
    try #require(Int(try await server.sql(query, in: url).filter(\.isNumber)))
  }
}
