import ChatCore
import Postgres
import PostgresStore
import TestKit
import Testing

/// What the planner does while its statistics say that each bucket, and so each conversation, has one message.
///
/// A bug once: it then took the lowest index that begins with the bucket, so that each message to a long conversation
/// read all of it, or all of its bucket, to see whether it had been stored before. It came by itself where most
/// conversations were short, and passed when the table was analyzed.
@Suite("Stale statistics")
struct StaleStatisticsTests {
  /// How messages are stored: as on a plain server; as on a Citus, whose nodes plan in sessions of their own; as on the
  /// node of a Citus that has the bucket itself.
  enum Storing: CaseIterable {
    case atOnce, stepwise, stepwiseHere

    var seeksByKey: Bool { self != .stepwise }
  }

  @Test("a message is looked up by its whole key, whatever the statistics say", arguments: Storing.allCases)
  func wholeKey(storing: Storing) async throws {
    let server = try await PrivatePostgres.start(settings: [
      "autovacuum=off", "shared_preload_libraries=auto_explain", "auto_explain.log_min_duration=0",
      "auto_explain.log_analyze=on", "auto_explain.log_timing=off", "auto_explain.log_nested_statements=on",
    ])
    defer { server.end() }
    let url = try await server.database()
    if storing == .stepwiseHere { try await CitusStandIn.install(in: url, on: server) }
    let database = try Database(url, stepwise: storing != .atOnce, { $0.findsByKey = storing.seeksByKey })
    try await database.migrate()
    let cast = try await Cast.gather(in: database.underTest)
    let room = try await cast.group().id
    try await server.sql(Self.oneMessageInEachBucket, in: url)
    try await server.sql(Self.longConversation(in: room.bucket), in: url)
    let logged = server.log().utf8.count

    for number in 0..<20 {
      let sent = try await cast.say("\(number)", by: cast.ada, in: room, clientMessageID: "\(number)")
      try await cast.say("again", by: cast.bob, in: room, replyTo: sent.message.id)
    }
    #expect(try await cast.say("0", by: cast.ada, in: room, clientMessageID: "0").repeated)
    if storing.seeksByKey {
      let found = try await cast.stores.log.message(by: cast.ada.id, clientMessageID: "7", in: room)
      #expect(found?.text == "7")
      let past = PastMessage(
        conversation: room, sender: Author(id: cast.ada.id, username: cast.ada.username), text: "7",
        clientMessageID: "7", createdAt: Timestamp(milliseconds: 0))
      let met = try await cast.stores.imports.append([past])
      #expect(met.first == found.map { .stored($0.id, isNew: false) })
    }
    await database.close()

    if storing != .atOnce { Self.checkKept(server.log()) }
    let scans = EntryScan.all(in: String(decoding: server.log().utf8.dropFirst(logged), as: UTF8.self))
    for scan in scans { #expect(scan.namesWholeKey, "\(scan)") }
    let byKey = scans.count { $0.index == "entry_client_message_id" }
    #expect(byKey >= (storing.seeksByKey ? 43 : 41), "each message is looked up: \(scans.count)")
  }

  @Test("who writes to a crowd is looked up by his whole key, where most conversations have few members")
  func writersOfACrowd() async throws {
    let server = try await PrivatePostgres.start(settings: [
      "autovacuum=off", "shared_preload_libraries=auto_explain", "auto_explain.log_min_duration=0",
      "auto_explain.log_nested_statements=on",
    ])
    defer { server.end() }
    let database = try Database(try await server.database())
    try await database.migrate()
    let cast = try await Cast.gather(in: database.underTest)
    let room = try await cast.group()
    try await server.sql(Self.oneMemberOfEachConversation, in: database.url)
    let logged = server.log().utf8.count
    let crowd = Statement(
      "crowd",
      "SELECT verdict FROM store_messages($1, true, $2, $3, $4, $5, $6, $7, array[NULL, NULL, NULL]::bigint[], $8)"
    )
    let rows = try await database.pool.query(
      crowd,
      [
        .int2(room.id.bucket.number), .int8s([room.id.rawValue, room.id.rawValue, room.id.rawValue]),
        .int8s([cast.bob.id.rawValue, cast.ada.id.rawValue, cast.bob.id.rawValue]), .texts(["1", "2", "3"]),
        .bools([true, true, true]), .texts(["text", "text", "text"]), .texts(["1", "2", "3"]), .texts([nil, nil, nil]),
      ])
    #expect(try rows.map { try $0.int2(0) } == [5, 5], "a row for each sender")
    await database.close()
    let log = String(decoding: server.log().utf8.dropFirst(logged), as: UTF8.self)
    let scans = log.matches(of: /Scan using member_pkey on member k .*\n\s*(.*)/)
    #expect(scans.count == 1)
    for scan in scans { #expect(scan.1.contains("(user_id = "), "\(scan.1)") }
  }

  private static let oneMemberOfEachConversation = """
    SET session_replication_role = replica;
    INSERT INTO member (bucket, conversation, user_id, username, role)
    SELECT number % 4096, number, number, 'x', 'member' FROM generate_series(1000000, 1003000) AS number;
    ANALYZE member
    """

  /// A plan that is kept names its parameters, one that is made for them their values. Where nothing is charged for
  /// planning none is ever kept, since none is cheaper than a new one.
  private static func checkKept(_ log: String) {
    let raised = log.matches(of: /Update on conversation c .*\n.*\n\s*Index Cond: (.*)/)
    let kept = raised.count { $0.1.contains("bucket = $") }
    #expect(kept >= 20, "\(kept) of \(raised.count) plans")
  }

  private static let columns =
    "bucket, conversation, seq, id, kind, author, author_name, created_at, client_message_id, client_given"

  private static let oneMessageInEachBucket = """
    SET session_replication_role = replica;
    INSERT INTO entry (\(columns))
    SELECT number % 4096, number << 12 | number % 4096, 1, number << 12 | number % 4096, 1, number, 'x', now(),
      'a client''s id of forty letters ' || number, true
    FROM generate_series(1000000, 1002000) AS number;
    ANALYZE entry
    """

  /// Also makes the index of the longest keys the highest one.
  private static func longConversation(in bucket: Bucket) -> String {
    """
    INSERT INTO entry (\(columns))
    SELECT \(bucket.number), 9, number, number << 12 | \(bucket.number), 1, 9, 'x', now(),
      'a client''s id of forty letters ' || number, true
    FROM generate_series(1000000, 1020000) AS number
    """
  }

  @Test("a scan by a part of the key would be found")
  func theTestCanFail() {
    let log = """
      \t        ->  Index Scan using entry_id on entry k  (cost=0.29..8.31 rows=1 width=390) (actual rows=0 loops=9)
      \t              Index Cond: (bucket = '9'::smallint)
      \t              Filter: ((conversation = a.conversation) AND (client_message_id = a.client_id))
      \t        ->  Index Scan using entry_id on entry k_1  (cost=0.29..8.31 rows=1 width=390) (never executed)
      \t              Index Cond: ((bucket = '9'::smallint) AND (id = a.reply_to))
      """
    #expect(EntryScan.all(in: log).map(\.namesWholeKey) == [false, true])
  }
}

/// How a plan in the server's log reads the table of entries.
private struct EntryScan {
  let index: String
  let condition: String

  static func all(in log: String) -> [EntryScan] {
    let scan = /(?:Index|Bitmap|Seq)[A-Za-z ]*Scan(?: Backward)?(?: using (\w+))? on entry(?: \w+)?  \(cost/
    let lines = log.split(separator: "\n")
    return lines.indices.compactMap { place in
      guard let found = lines[place].firstMatch(of: scan) else { return nil }
      let next = lines.index(after: place)
      return EntryScan(index: String(found.1 ?? ""), condition: next < lines.endIndex ? String(lines[next]) : "")
    }
  }

  var namesWholeKey: Bool {
    let last = ["entry_pkey": "(seq ", "entry_id": "(id ", "entry_client_message_id": "(client_message_id "][index]
    return condition.contains("Index Cond: ") && last.map(condition.contains) == true
  }
}
