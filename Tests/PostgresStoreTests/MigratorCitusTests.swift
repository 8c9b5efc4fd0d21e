import ChatCore
import Postgres
import PostgresStore
import TestKit
import Testing

/// Which calls of Citus `martlet migrate --citus` makes, by a stand-in on a plain PostgreSQL: see ``CitusStandIn``.
@Suite("Migrating on a Citus, by a stand-in")
struct MigratorCitusTests {
  private static let keys = """
    SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' ORDER BY 1
    """
  private static let tables = """
    SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    """

  @Test("distributes every table beside bucket_seq, registers every function by its bucket, and only once")
  func once() async throws {
    try await withStandIn { server, url in
      let before = try await migrate(url)
      #expect(before.distribution == .notAsked)
      let keys = try await server.sql(Self.keys, in: url)
      #expect(try await CitusStandIn.calls(in: url, on: server) == [])

      let first = try await migrate(url, citus: 8)
      #expect(first.done.isEmpty)
      let calls = try await CitusStandIn.calls(in: url, on: server)
      let cut = calls.filter { $0.hasPrefix("table ") }
      #expect(cut.first == "table bucket_seq bucket none 8")
      #expect(cut.dropFirst().allSatisfy { $0.hasSuffix(" bucket bucket_seq") })
      #expect(calls.count { $0 == "reference schema_version" } == 1)
      let all = try #require(Int(try await server.sql(Self.tables, in: url).filter(\.isNumber)))
      #expect(cut.count + 1 == all, "no table is left out")
      #expect(Set(calls).count == calls.count)
      let functions = calls.filter { $0.hasPrefix("function ") }
      #expect(functions.allSatisfy { $0.hasSuffix(" $1 bucket_seq") })
      for name in ["send_stepwise 9", "append_entry 7", "claim_username 2", "reserve_file 12", "rotate_session 5"] {
        #expect(functions.contains("function \(name) $1 bucket_seq"))
      }
      #expect(calls.contains("truncate bucket_seq"), "the counters of the buckets were there")
      #expect(!calls.contains("truncate reaction"), "nothing was there to be dropped")
      #expect(try await server.sql(Self.keys, in: url) == keys, "every foreign key is back")

      let again = try await migrate(url, citus: 8)
      #expect(again.distribution == .distributed(shards: 8, now: []))
      let more = try await CitusStandIn.calls(in: url, on: server).dropFirst(calls.count)
      #expect(more.allSatisfy { $0.hasPrefix("truncate ") }, "the stand-in drops nothing, so that it is asked again")
    }
  }

  @Test("several at once distribute each table once")
  func atOnce() async throws {
    try await withStandIn { server, url in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { _ = try await migrate(url, citus: 4) } }
        try await group.waitForAll()
      }
      let calls = try await CitusStandIn.calls(in: url, on: server).filter { !$0.hasPrefix("truncate ") }
      #expect(Set(calls).count == calls.count)
      #expect(calls.contains("table bucket_seq bucket none 4"))
    }
  }

  @Test("a table that cannot be distributed leaves all as it was, with its foreign keys")
  func allOrNothing() async throws {
    try await withStandIn { server, url in
      _ = try await migrate(url)
      try await server.sql("CREATE UNIQUE INDEX in_the_way ON entry (id)", in: url)
      let keys = try await server.sql(Self.keys, in: url)
      await #expect(throws: PostgresError.self) { try await migrate(url, citus: 4) }
      #expect(try await CitusStandIn.calls(in: url, on: server) == [])
      #expect(try await server.sql(Self.keys, in: url) == keys)
      try await server.sql("DROP INDEX in_the_way", in: url)
      guard case .distributed = try await migrate(url, citus: 4).distribution else {
        Issue.record("it can be done afterwards")
        return
      }
    }
  }

  @Test("once distributed, a plain migrate distributes what a later step makes, before its foreign keys")
  func laterStep() async throws {
    try await withStandIn { server, url in
      _ = try await migrate(url, citus: 4)
      let later = Migration(
        version: 1_000, name: "later",
        sql: """
          CREATE TABLE later (bucket smallint NOT NULL, user_id bigint NOT NULL, PRIMARY KEY (bucket, user_id));
          ALTER TABLE later ADD CONSTRAINT later_of_user
            FOREIGN KEY (bucket, user_id) REFERENCES chat_user (bucket, id);
          CREATE FUNCTION later(the_bucket smallint) RETURNS smallint LANGUAGE sql AS 'SELECT the_bucket';
          """)
      let calls = try await CitusStandIn.calls(in: url, on: server).count
      let outcome = try await migrate(url, Migration.all + [later])
      #expect(outcome.done.map(\.name) == ["later"])
      let more = try await CitusStandIn.calls(in: url, on: server).dropFirst(calls)
      #expect(more.first == "table later bucket bucket_seq")
      #expect(more.contains("function later 1 $1 bucket_seq"))
    }
  }

  @Test("what is there stays there, and the stores keep their contract as on Citus")
  func onData() async throws {
    try await withStandIn { server, url in
      _ = try await migrate(url)
      let database = try Database(url)
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      try await cast.say("before", by: cast.ada, in: room)
      _ = try await migrate(url, citus: 4)
      #expect(try await cast.stores.log.messages(of: room, page: .latest, limit: 9).map(\.text) == ["before"])
      for contractCase in AdapterContract.all { try await contractCase.run(database.underTest) }
      let planning = Statement("planning", "SELECT current_setting('plan_cache_mode')")
      #expect(try await database.pool.query(planning).first?.text(0) == "auto", "plans for its parameters")
      let plain = try await Database(server.database())
      #expect(try await plain.pool.query(planning).first?.text(0) == "force_generic_plan")
      await plain.close()
      await database.close()
    }
  }

  @Test("says what is in the way: no Citus, no workers, late workers, a worker")
  func sentences() async throws {
    let server = try await PrivatePostgres.plain()
    let plain = try await server.database()
    #expect(await sentence(plain, citus: 4)?.contains("without Citus: `martlet migrate` without --citus") == true)
    #expect(await sentence(plain, citus: nil) == nil)
    try await withStandIn { server, url in
      try await server.sql("UPDATE citus.pg_dist_node SET metadatasynced = false WHERE groupid = 2", in: url)
      #expect(await sentence(url, citus: 4)?.contains("do not know yet where everything lies: two:5432.") == true)
      try await server.sql("DELETE FROM citus.pg_dist_node WHERE groupid > 0", in: url)
      #expect(await sentence(url, citus: 4)?.contains("No node of this Citus holds shards") == true)
      try await server.sql("UPDATE citus.pg_dist_local_group SET groupid = 1", in: url)
      for shards in [nil, 4] {
        #expect(
          await sentence(url, citus: shards)?.contains("schemas are changed through the coordinator only") == true)
      }
      #expect(try await CitusStandIn.calls(in: url, on: server) == [])
    }
  }

  @Test("of several hosts the coordinator is found, wherever it stands among them")
  func coordinatorAmongHosts() async throws {
    let servers = [try await PrivatePostgres.start(), try await PrivatePostgres.start()]
    defer { for server in servers { server.end() } }
    var hosts: [Substring] = []
    var name = Substring()
    for (group, server) in servers.enumerated() {
      let url = try await server.database()
      try await CitusStandIn.install(in: url, on: server)
      // The second is the coordinator.
      try await server.sql("UPDATE citus.pg_dist_local_group SET groupid = \(1 - group)", in: url)
      let parts = url.split(separator: "/")
      hosts.append(try #require(parts[1].split(separator: "@").last))
      name = parts[2]
    }
    for word in ["", "?load_balance_hosts=random"] {
      _ = try await migrate("postgresql://martlet@\(hosts.joined(separator: ","))/\(name)\(word)", citus: 4)
    }
    let second = "postgresql://martlet@\(hosts[1])/\(name)"
    #expect(try await !CitusStandIn.calls(in: second, on: servers[1]).isEmpty)
    let there = "SELECT to_regclass('conversation') IS NOT NULL"
    #expect(try await servers[0].sql(there, in: "postgresql://martlet@\(hosts[0])/\(name)").hasPrefix("f"))
  }

  private func sentence(_ url: String, citus shards: Int?) async -> String? {
    do {
      _ = try await migrate(url, citus: shards)
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func migrate(
    _ url: String, _ migrations: [Migration] = Migration.all, citus shards: Int? = nil
  ) async throws -> Migrator.Outcome {
    let database = try Database(url) { $0 = Migrator.settings(from: $0) }
    do {
      let outcome = try await Migrator(pool: database.pool, migrations: migrations).migrate(citus: shards)
      await database.close()
      return outcome
    } catch {
      await database.close()
      throw error
    }
  }

  private func withStandIn(_ body: (PrivatePostgres, String) async throws -> Void) async throws {
    let server = try await PrivatePostgres.plain()
    let url = try await server.database()
    try await CitusStandIn.install(in: url, on: server)
    try await body(server, url)
  }
}
