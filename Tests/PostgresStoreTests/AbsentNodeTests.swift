import ChatCore
import Postgres
import TestKit
import Testing

@testable import PostgresStore

/// What statements over many shards still answer when a node of a Citus is away: F39, on a stand-in.
@Suite("A node of a Citus is away", .serialized)
struct AbsentNodeTests {
  @Test("on a Citus each scatter statement for a list of buckets names them, so that no other shard is asked")
  func pruned() {
    let listed = PostgresStores.statements.filter {
      // Never sent to a Citus.
      $0.scatters && $0.sql.contains("AS asked (bucket") && $0 != PostgresLog.entriesAfter
    }
    #expect(listed.count >= 6)
    for statement in listed {
      #expect(statement.pruned.sql.contains(".bucket = ANY($1::smallint[])"), "\(statement.name)")
      #expect(statement.pruned != statement, "a connection knows them apart")
    }
    #expect(
      PostgresLog.heads.pruned.sql.contains(
        "ON c.bucket = asked.bucket::smallint AND c.bucket = ANY($1::smallint[]) AND c.id = asked.id"))
    #expect(PostgresUsers.search.pruned === PostgresUsers.search)
  }

  @Test("of many whose questions went as one, only those who need it are refused")
  func onlyItsOwn() async throws {
    try await withAbsence { database, cast, rooms, away in
      let before = await database.scatterCounters
      let answers = await withTaskGroup(of: (ConversationID, [ConversationID: Int64]?).self) { group in
        for room in rooms { group.addTask { (room, try? await cast.stores.log.heads(of: [room])) } }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 ?? [:] }
      }
      for room in rooms { #expect(answers[room] == (room.bucket == away ? [:] : [room: 1]), "\(room)") }
      let after = await database.scatterCounters
      #expect(after.shared > before.shared, "they went as one")
      #expect(after.waiting == 0)
      let names = try await database.scattering.query(
        Statement("texts", "SELECT statement FROM pg_prepared_statements"))
      let texts = try names.map { try $0.text(0) }.filter { $0.contains("asked") }
      #expect(texts.allSatisfy { $0.contains("ANY($1::smallint[])") }, "\(texts)")
    }
  }

  @Test("the counters of its buckets are left out, and those of all others are told", arguments: Absence.allCases)
  func counters(_ absence: Absence) async throws {
    try await withAbsence(absence) { database, cast, rooms, away in
      let buckets = Set(rooms.map(\.bucket))
      let counters = try await cast.stores.log.counters(of: buckets.sorted())
      #expect(Set(counters.keys) == buckets.filter { $0.number % 8 != away.number % 8 })
      #expect(counters.values.allSatisfy { $0.newest > 0 })
      await #expect(throws: ChatError.unavailable(.database, retryAfter: 1_000)) {
        _ = try await cast.stores.log.counters(of: [away])
      }
      // Once for both questions of them all, and once for the one.
      let looks = try await PrivatePostgres.plain().sql("SELECT count(*) FROM citus.looks", in: database.url)
      #expect(Int(looks.filter(\.isNumber)) == buckets.count + 1, "each bucket's shard is looked up once")
    }
  }

  @Test("who comes back has all heads that lie elsewhere, and what does not is named", arguments: Absence.allCases)
  func heads(_ absence: Absence) async throws {
    try await withAbsence(absence) { database, cast, rooms, away in
      let there = rooms.filter { $0.bucket.number % 8 == away.number % 8 }
      // Who comes at the same moment and has nothing there.
      async let other = cast.stores.conversations.heads(of: cast.eve.id)
      let heads = try await cast.stores.conversations.heads(of: cast.bob.id)
      #expect(heads.unavailable == Set(there))
      #expect(Set(heads.known.keys) == Set(rooms).subtracting(there).union([cast.bob.ownConversation]))
      #expect(try await other == UserHeads(known: [cast.eve.ownConversation: 1]))
    }
  }

  @Test("a crowd that comes back while a node is silent finds that out once, and who comes next need not wait")
  func crowd() async throws {
    try await withAbsence(.silent) { database, cast, rooms, away in
      let there = Set(rooms.filter { $0.bucket.number % 8 == away.number % 8 })
      let before = await database.scatterCounters
      let begun = ContinuousClock.now
      // On the loop, as resumes ask.
      let answers = try await withTaskExecutorPreference(database.loop) {
        try await withThrowingTaskGroup(of: UserHeads.self) { group in
          for _ in 0..<40 { group.addTask { try await cast.stores.conversations.heads(of: cast.bob.id) } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
      }
      #expect(answers.count == 40 && answers.allSatisfy { $0.unavailable == there })
      let crowd = await database.scatterCounters
      #expect(crowd.sent - before.sent < 60, "two more for each if all looked for it")
      _ = try await cast.stores.conversations.heads(of: cast.bob.id)
      let next = await database.scatterCounters
      // On a machine that stood still it may be time to find out anew.
      guard ContinuousClock.now - begun < .milliseconds(AbsentNodes.knownFor) else { return }
      #expect(next.sent == crowd.sent + 1, "nobody is asked who is silent")
    }
  }

  @Test("who has nothing elsewhere has his own, and the rest is named")
  func allThere() async throws {
    try await withAbsence { database, cast, rooms, away in
      let there = try #require(rooms.first)
      var dan = try await cast.extra("dan")
      while dan.id.bucket == away { dan = try await cast.extra("dan\(dan.id.rawValue)") }
      try await PrivatePostgres.plain().sql(
        """
        INSERT INTO user_conversation (bucket, user_id, conversation)
        VALUES (\(dan.id.bucket.number), \(dan.id.rawValue), \(there.rawValue))
        """, in: database.url)
      let heads = try await cast.stores.conversations.heads(of: dan.id)
      #expect(heads == UserHeads(known: [dan.ownConversation: 1], unavailable: [there]))
    }
  }

  @Test("who has signed out is told of all whose sessions lie elsewhere", arguments: Absence.allCases)
  func signOuts(_ absence: Absence) async throws {
    try await CitusStandIn.with { server, database, cast in
      let sessions = database.stores.sessions
      var (all, over): ([SessionID], [SessionID]) = ([], [])
      for number in 0..<16 {
        let user = try await cast.extra("user\(number)").id
        let nonce = [UInt8](repeating: UInt8(number), count: 16)
        all.append(try await sessions.open(user: user, device: nil, nonce: nonce, most: 10).id)
        guard number % 2 == 0 else { continue }
        over.append(all[number])
        #expect(try await sessions.end(all[number], of: user))
      }
      let away = all[0].bucket
      try await server.sql(Self.sql(absence, of: away), in: database.url)
      let elsewhere = over.filter { $0.bucket.number % 8 != away.number % 8 }
      try #require(!elsewhere.isEmpty)
      // On the loop, as nodes ask, where all that is asked in a tick may share a statement.
      let told = try await withTaskExecutorPreference(database.loop) { [all] in try await sessions.ended(among: all) }
      #expect(Set(told) == Set(elsewhere))
      let there = all.filter { $0.bucket.number % 8 == away.number % 8 }
      await #expect(throws: ChatError.unavailable(.database, retryAfter: 1_000)) {
        _ = try await sessions.ended(among: there + there)
      }
    }
  }

  @Test("accounts that ended are found on all others", arguments: Absence.allCases)
  func endedAccounts(_ absence: Absence) async throws {
    try await CitusStandIn.with { server, database, cast in
      let stores = database.stores
      var users: [UserID] = []
      for number in 0..<16 { users.append(try await cast.extra("user\(number)").id) }
      for user in users { #expect(try await stores.users.delete(user)) }
      let away = users[0].bucket
      try await server.sql(Self.sql(absence, of: away), in: database.url)
      let elsewhere = users.filter { $0.bucket.number % 8 != away.number % 8 }
      try #require(elsewhere.count > 3)
      #expect(Set(try await stores.cleanups.idleCleanups(for: 0, limit: 99)) == Set(elsewhere))
      #expect(try await stores.cleanups.idleCleanups(for: 0, limit: 3).count == 3)
    }
  }

  @Test("a page of contacts is refused to who has one there, and to nobody else")
  func contacts() async throws {
    try await CitusStandIn.with { server, database, cast in
      let contacts = database.stores.contacts
      let away = ContactPair(cast.ada.id, cast.bob.id).bucket
      var other = cast.eve
      while ContactPair(cast.ada.id, other.id).bucket == away { other = try await cast.extra("other") }
      for user in [cast.bob, other] {
        _ = try await contacts.change(.add(mutual: true), by: cast.ada, to: user, limit: 9)
      }
      try await server.sql(Self.sql(.gone, of: away), in: database.url)
      let states = Set(ContactState.allCases)
      for user in [cast.ada, cast.bob] {
        await #expect(throws: ChatError.unavailable(.database, retryAfter: 1_000)) {
          _ = try await contacts.contacts(of: user.id, in: states, after: nil, limit: 9)
        }
      }
      #expect(try await contacts.contacts(of: other.id, in: states, after: nil, limit: 9).count == 1)
    }
  }

  @Test("what a page of conversations shows of each goes by the scatter connections, and holds up no other statement")
  func pagesOfConversations() async throws {
    try await CitusStandIn.with { _, database, cast in
      let rooms = try await cast.groupsApart(3)
      let said = try await cast.say("hi", by: cast.ada, in: rooms[1]).message
      // Connections that know what they speak to.
      _ = try await database.scattering.query(Statement("one", "SELECT 1"))
      let stores = database.stores
      let page = try await stores.conversations.conversations(of: cast.ada.id, after: nil, limit: 9, members: 9)
      #expect(page.map(\.members.count) == [2, 2, 2])
      #expect(try await stores.log.newest(in: rooms).mapValues(\.id) == [rooms[1]: said.id])
      for (pool, isAskedHere) in [(database.scattering, true), (database.pool, false)] {
        let names = try await pool.query(Statement("names", "SELECT name FROM pg_prepared_statements")).map {
          (row) throws(PostgresError) in try row.text(0)
        }
        #expect(names.contains("members.page") == isAskedHere, "\(names)")
        #expect(names.contains("log.newest_messages") == isAskedHere, "\(names)")
      }
    }
  }

  /// How a node is away.
  enum Absence: CaseIterable {
    case gone, silent

    /// What becomes of who asks for one of its rows.
    var end: String {
      switch self {
      case .gone: "RAISE 'connection to the remote node two:5432 failed' USING ERRCODE = '08006'"
      case .silent: "PERFORM pg_sleep(60)"
      }
    }
  }

  /// A stand-in of three nodes, on which the rows of one bucket cannot be had.
  private func withAbsence(
    _ absence: Absence = .gone, _ body: (Database, Cast, [ConversationID], Bucket) async throws -> Void
  ) async throws {
    try await CitusStandIn.with { server, database, cast in
      var rooms: [ConversationID] = []
      for _ in 0..<12 { rooms.append(try await cast.group().id) }
      // Who asks is elsewhere.
      let people = Set([cast.ada, cast.bob, cast.eve].map(\.id.bucket))
      while rooms.first.map({ people.contains($0.bucket) }) ?? false { rooms.append(rooms.removeFirst()) }
      let away = try #require(rooms.first?.bucket)
      try await server.sql(Self.sql(absence, of: away), in: database.url)
      // Connections that know what they speak to.
      _ = try await database.scattering.query(Statement("one", "SELECT 1"))
      try await body(database, cast, rooms, away)
    }
  }

  private static func sql(_ absence: Absence, of bucket: Bucket) -> String {
    let views = ["conversation", "bucket_seq", "user_session", "account_cleanup", "contact_pair"].map {
      """
      ALTER TABLE \($0) RENAME TO \($0)_rows;
      CREATE VIEW \($0) AS SELECT * FROM \($0)_rows WHERE here(bucket);
      """
    }
    return """
      CREATE FUNCTION here(the_bucket smallint) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN
        IF the_bucket = \(bucket.number) THEN
          \(absence.end);
        END IF;
        RETURN true;
      END $$;
      CREATE TABLE citus.looks (bucket integer);
      CREATE FUNCTION citus.get_shard_id_for_distribution_column(the_table regclass, the_bucket anyelement)
      RETURNS bigint LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO citus.looks VALUES (the_bucket);
        RETURN the_bucket % 8;
      END $$;
      CREATE TABLE citus.pg_dist_placement (shardid bigint, groupid integer);
      -- Else rows are gone through by it, and the view's condition, which costs nothing, comes before the bucket's.
      DROP INDEX account_cleanup_idle, account_cleanup_looks;
      INSERT INTO citus.pg_dist_placement
        SELECT n, CASE WHEN n = \(bucket.number % 8) THEN 1 ELSE 2 END FROM generate_series(0, 7) n;
      """ + views.joined(separator: "\n")
  }
}
