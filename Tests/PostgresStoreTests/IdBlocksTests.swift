import ChatCore
import Postgres
import TestKit
import Testing

@testable import PostgresStore

/// Where the numbers of conversations and sessions come from.
@Suite("Numbers for conversations and sessions", .serialized)
struct IdBlocksTests {
  @Test("that two loops ask for at once are all different, and those who wait share a block")
  func shared() async throws {
    let server = try await PrivatePostgres.shared()
    try await Database.with { first in
      let second = try Database(first.url)
      let loops = [first, second].map { IdBlocks(pool: $0.pool, desk: ScatterDesk(pool: $0.scattering)) }
      let numbers = try await withThrowingTaskGroup(of: Int64.self) { group in
        for number in 0..<1_200 { group.addTask { try await loops[number % 2].next(.session) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(numbers.count == 1_200)
      #expect(Set(numbers).count == 1_200)
      // 600 are three blocks of a loop.
      #expect(try await Self.next(.session, of: 0, first, server) == 1 + 6 * IdBlocks.blockSize)
      await second.close()
    }
  }

  @Test("come from ranges that never meet, nor the numbers of imports")
  func ranges() {
    let ranges = IdBlocks.Source.all.map(\.numbers)
    #expect(ranges.first?.lowerBound == 1)
    for (range, next) in zip(ranges, ranges.dropFirst()) { #expect(range.upperBound == next.lowerBound) }
    for key in 0..<100 {
      let imported = ImportKey(source: "umoc", key: "\(key)")
      #expect(ranges.allSatisfy { $0.upperBound <= imported.group.counter })
    }
    #expect(IdBlocks.Source.all.map(\.place) == Array(ranges.indices))
  }

  @Test("have rows in many of a Citus' 32 shards, and on each of up to eight nodes that have them in turns")
  func spread() async throws {
    let buckets = IdBlocks.Source.all.map(\.bucket)
    #expect(buckets.first == 0, "that of releases before")
    #expect(buckets.allSatisfy { Bucket($0) != nil })
    let server = try await PrivatePostgres.plain()
    // A shard is a range of what the type's hash function makes of the bucket.
    let text = try await server.sql(
      "SELECT (hashint2(b::smallint)::bigint + 2147483648) >> 27 FROM unnest(ARRAY\(buckets)) b", in: "postgres")
    let shards = text.split(separator: "\n").compactMap { Int($0) }
    #expect(shards.count == buckets.count)
    #expect(Set(shards).count >= 12, "\(shards)")
    for nodes in 2...8 { #expect(Set(shards.map { $0 % nodes }).count == nodes, "\(shards)") }
  }

  @Test(
    "are had from another node's row while the node of bucket 0 is away", arguments: AbsentNodeTests.Absence.allCases)
  func away(_ absence: AbsentNodeTests.Absence) async throws {
    try await CitusStandIn.with { server, database, cast in
      // A loop that has no numbers yet; the server ends early what waits, so that there is time for more.
      let other = try Database(database.url) { $0.statementTimeout = 1_500 }
      try await server.sql(Self.sql(absence), in: database.url)
      let stores = other.stores
      let room = try await stores.conversations.create(
        .group, title: "Room", picture: nil, owner: cast.ada, members: [cast.bob], most: 99)
      // The second row lies on the same node, which a node that is well knows.
      let third = IdBlocks.Source.all[2]
      #expect(room.conversation.id.counter == third.numbers.lowerBound)
      let nonce = [UInt8](repeating: 7, count: 16)
      let session = try await stores.sessions.open(user: cast.ada.id, device: nil, nonce: nonce, most: 9)
      #expect(session.id.counter == third.numbers.lowerBound)
      let tries = try await server.sql("SELECT last_value FROM tries WHERE is_called", in: database.url)
      #expect(Int(tries.filter(\.isNumber)) == 1, "the node that is away is asked once")
      await other.close()
    }
  }

  @Test("from there on are as good as any: the contract of the stores holds")
  func contract() async throws {
    try await CitusStandIn.with { server, database, _ in
      try await server.sql(Self.sql(.gone), in: database.url)
      let other = try Database(database.url)
      for contractCase in AdapterContract.all { try await contractCase.run(other.underTest) }
      let third = IdBlocks.Source.all[2].numbers
      let made = try await server.sql(
        "SELECT count(*) FROM conversation WHERE id >> 12 BETWEEN \(third.lowerBound) AND \(third.upperBound - 1)",
        in: database.url)
      #expect(Int(made.filter(\.isNumber)) ?? 0 > 100)
      await other.close()
    }
  }

  @Test("are refused where every row is away, and there again when one is back")
  func allAway() async throws {
    try await CitusStandIn.with { server, database, cast in
      try await server.sql(Self.sql(.gone), in: database.url)
      try await server.sql("UPDATE citus.pg_dist_placement SET groupid = 1", in: database.url)
      let other = try Database(database.url)
      let ids = IdBlocks(pool: other.pool, desk: ScatterDesk(pool: other.scattering))
      // Several at once: who waits for another's block is told, too.
      let refused = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<9 { group.addTask { (try? await ids.next(.session)) == nil } }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(refused == 9)
      try await server.sql("DROP TRIGGER away ON id_block", in: database.url)
      #expect(try await ids.next(.session) > 0)
      await other.close()
    }
  }

  @Test("go on in the next row when a range is used up")
  func usedUp() async throws {
    let server = try await PrivatePostgres.shared()
    try await Database.with { database in
      let (first, second) = (IdBlocks.Source.all[0].numbers, IdBlocks.Source.all[1].numbers)
      try await server.sql(
        """
        INSERT INTO id_block (bucket, kind, next) VALUES (0, 'session', \(first.upperBound - IdBlocks.blockSize))
        """, in: database.url)
      let ids = IdBlocks(pool: database.pool, desk: ScatterDesk(pool: database.scattering))
      var numbers: [Int64] = []
      for _ in 0...IdBlocks.blockSize { numbers.append(try await ids.next(.session)) }
      #expect(numbers.dropLast() == Array(first.suffix(Int(IdBlocks.blockSize)))[...])
      #expect(numbers.last == second.lowerBound)
      let next = try await Self.next(.session, of: IdBlocks.Source.all[1].bucket, database, server)
      #expect(next == second.lowerBound + IdBlocks.blockSize, "and not from the first row, which ends there")
    }
  }

  private static func next(
    _ kind: IdBlocks.Kind, of bucket: Int16, _ database: Database, _ server: PrivatePostgres
  ) async throws -> Int64? {
    let text = try await server.sql(
      "SELECT next FROM id_block WHERE bucket = \(bucket) AND kind = '\(kind.rawValue)'", in: database.url)
    return Int64(text.filter(\.isNumber))
  }

  /// Rows in turns on two nodes, two on each, of which the first is away.
  private static func sql(_ absence: AbsentNodeTests.Absence) -> String {
    """
    CREATE FUNCTION citus.get_shard_id_for_distribution_column(the_table regclass, the_bucket anyelement)
    RETURNS bigint LANGUAGE sql AS $$ SELECT the_bucket::bigint / 256 % 4 $$;
    CREATE TABLE citus.pg_dist_placement (shardid bigint, groupid integer);
    INSERT INTO citus.pg_dist_placement VALUES (0, 1), (1, 1), (2, 2), (3, 2);
    CREATE SEQUENCE tries;
    CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.kind IN ('conversation', 'session') AND NEW.bucket / 256 % 4 < 2 THEN
        PERFORM nextval('tries');
        \(absence.end);
      END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER away BEFORE INSERT ON id_block FOR EACH ROW EXECUTE FUNCTION away();
    """
  }
}
