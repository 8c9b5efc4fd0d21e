import ChatCore
import Postgres
import PostgresStore
import TestKit
import Testing

/// Pages of the past from a streaming standby.
@Suite("Replicas", .serialized)
struct ReplicaTests {
  /// A primary, a standby of it, and stores that ask the standby for the past.
  private struct Pair {
    let primary: PrivatePostgres
    let standby: PrivatePostgres
    let database: Database

    func end() async {
      await database.close()
      standby.end()
      primary.end()
    }
  }

  private static func pair(standby settings: [String] = []) async throws -> Pair {
    let primary = try await PrivatePostgres.start()
    let url = try await primary.database()
    let first = try Database(url)
    try await first.migrate()
    await first.close()
    let standby = try await primary.startStandby(settings: settings)
    let database = try Database(url, replicas: [standby.url(like: url)])
    try await connected(1, database)
    return Pair(primary: primary, standby: standby, database: database)
  }

  /// Waits until so many connections to replicas are ready.
  private static func connected(_ count: Int, _ database: Database) async throws {
    for _ in 0..<2_000 {
      if await database.replicaCounts.connections >= count { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("no \(count) connections to replicas in 20 s")
  }

  /// Runs the whole contract; what came of asking.
  private static func contract(_ pair: Pair) async throws -> [ReplicaOutcome: Int] {
    for contractCase in AdapterContract.all { try await contractCase.run(pair.database.underTest) }
    return await pair.database.replicaPages
  }

  @Test("the contract of the stores holds while a replica that keeps up serves pages")
  func contractWithReplica() async throws {
    let pair = try await Self.pair()
    let pages = try await Self.contract(pair)
    #expect(pages[.served, default: 0] > 20, "\(pages)")
    #expect(pages[.refused] == nil, "\(pages)")
    await pair.end()
  }

  @Test("F40: the contract holds while the replica is 30 s behind, and no page of its own is served")
  func contractWithLaggingReplica() async throws {
    let pair = try await Self.pair(standby: ["recovery_min_apply_delay=30s"])
    let pages = try await Self.contract(pair)
    #expect(pages[.served] == nil, "\(pages)")
    #expect(pages[.behind, default: 0] >= 5, "\(pages)")
    #expect(pages[.resting, default: 0] > 20, "left alone for a while: \(pages)")
    await pair.end()
  }

  @Test("a page is never older than what its reader has written, whether the replica replays, stands still or dies")
  func readYourWrites() async throws {
    let pair = try await Self.pair()
    let cast = try await Cast.gather(in: pair.database.underTest)
    let room = try await cast.group().id
    let reader = Reader(cast: cast, room: room)
    try await reader.turns(40)
    try await pair.standby.catchUp(with: pair.primary)
    try await Self.used(pair, by: reader)
    try await reader.looks(20)
    let fresh = await pair.database.replicaPages
    #expect(fresh[.served, default: 0] >= 20, "\(fresh)")

    try await pair.standby.pauseReplay()
    try await reader.turns(40)
    let paused = await pair.database.replicaPages
    #expect(paused[.behind, default: 0] >= fresh[.behind, default: 0] + 5, "\(paused)")
    try await pair.standby.resumeReplay()
    try await pair.standby.catchUp(with: pair.primary)
    try await Self.used(pair, by: reader)

    async let writing: Void = reader.turns(200)
    try await Task.sleep(for: .milliseconds(100))
    pair.standby.kill9()
    try await writing
    // He may have done all that by then.
    try await reader.turns(5)
    let dead = await pair.database.replicaPages
    #expect(dead[.away, default: 0] > 0, "\(dead)")

    try await pair.standby.restart()
    try await pair.standby.catchUp(with: pair.primary)
    try await Self.used(pair, by: reader)
    await pair.end()
  }

  /// Looks until a page comes from the replica: it is taken into use again by itself, after a rest.
  private static func used(_ pair: Pair, by reader: Reader) async throws {
    let before = await pair.database.replicaPages[.served, default: 0]
    for _ in 0..<400 {
      try await reader.looks(1)
      if await pair.database.replicaPages[.served, default: 0] > before { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("no page from the replica in 20 s: \(await pair.database.replicaPages)")
  }

  @Test("several replicas share the pages, and one that dies leaves them to the others")
  func several() async throws {
    let pair = try await Self.pair()
    let second = try await pair.primary.startStandby(name: "second")
    let url = pair.database.url
    let database = try Database(url, replicas: [pair.standby.url(like: url), second.url(like: url)])
    try await Self.connected(4, database)
    let cast = try await Cast.gather(in: database.underTest)
    let reader = Reader(cast: cast, room: try await cast.group().id)
    try await reader.turns(5)
    try await pair.standby.catchUp(with: pair.primary)
    try await second.catchUp(with: pair.primary)
    try await reader.looks(40)
    pair.standby.kill9()
    let before = await database.replicaPages[.served, default: 0]
    try await reader.looks(40)
    let pages = await database.replicaPages
    #expect(pages[.served, default: 0] >= before + 35, "\(pages)")
    let asked = "SELECT sum(idx_scan) > 0 FROM pg_stat_user_indexes WHERE relname = 'entry'"
    for _ in 0..<200 where try await !second.sql(asked, in: second.url(like: url)).hasPrefix("t") {
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(try await second.sql(asked, in: second.url(like: url)).hasPrefix("t"))
    await database.close()
    second.end()
    await pair.end()
  }

  @Test("a replica that was promoted follows nobody any more, and is not asked for pages")
  func promoted() async throws {
    let pair = try await Self.pair()
    let cast = try await Cast.gather(in: pair.database.underTest)
    let reader = Reader(cast: cast, room: try await cast.group().id)
    try await reader.turns(5)
    try await pair.standby.catchUp(with: pair.primary)
    try await pair.standby.promote()
    let before = await pair.database.replicaPages
    try await reader.looks(10)
    let pages = await pair.database.replicaPages
    #expect(pages[.served] == before[.served], "\(pages)")
    #expect(pages[.noStandby, default: 0] + pages[.away, default: 0] + pages[.resting, default: 0] > 0, "\(pages)")
    await pair.end()
  }

  @Test("a replica that follows a primary of before shows what both have in common, and nothing of its own history")
  func diverged() async throws {
    let before = try await PrivatePostgres.start()
    let url = try await before.database()
    let old = try Database(url)
    try await old.migrate()
    let cast = try await Cast.gather(in: old.underTest)
    let room = try await cast.group().id
    let common = try await cast.say("common", by: cast.ada, in: room).message.seq
    let after = try await before.startStandby()
    try await after.catchUp(with: before)
    try await after.promote()

    // The one that was promoted is the truth; what the other has of the same places is another story.
    let database = try Database(after.url(like: url), replicas: [url], onlyStandbys: false)
    try await Self.connected(1, database)
    for number in 0..<6 { try await cast.say("old \(number)", by: cast.ada, in: room) }
    let log = database.stores.log
    for number in 0..<4 {
      let said = NewMessage(
        conversation: room, sender: cast.ada.id, type: .text, text: "new \(number)", clientMessageID: nil, replyTo: nil)
      _ = try await log.append(said)
    }
    let head = common + 4
    let entries = try await log.entries(of: room, after: common, limit: 9, asOf: head)
    let page = try await log.messages(of: room, page: .latest, limit: 4, asOf: head)
    let around = try await log.messages(of: room, page: .around(head - 1), limit: 4, asOf: head)
    let texts = entries.map { entry in if case .messageCreated(let message) = entry.event { message.text } else { "" } }
    #expect(texts == (0..<4).map { "new \($0)" })
    #expect(page.map(\.text) == (0..<4).map { "new \($0)" })
    #expect(around.contains { $0.text.hasPrefix("old") } == false)
    let pages = await database.replicaPages
    #expect(pages[.diverged] == 3, "\(pages)")
    #expect(pages[.served] == nil, "\(pages)")
    let past = try await log.messages(of: room, page: .latest, limit: 1, asOf: common)
    #expect(past.map(\.text) == ["common"])
    #expect(await database.replicaPages[.served] == 1)
    for each in [old, database] { await each.close() }
    for server in [before, after] { server.end() }
  }

  @Test("a replica that is ahead of what its primary has said shows nothing of it")
  func ahead() async throws {
    let pair = try await Self.pair()
    let cast = try await Cast.gather(in: pair.database.underTest)
    let room = try await cast.group().id
    for number in 1...6 { try await cast.say("\(number)", by: cast.ada, in: room) }
    let first = try #require(try await cast.stores.log.messages(of: room, page: .latest, limit: 9).first)
    try await pair.standby.catchUp(with: pair.primary)
    let log = pair.database.stores.log
    let served = await pair.database.replicaPages[.served, default: 0]
    // As of a head below the newest: what a primary says that waits for its synchronous standby.
    let page = try await log.messages(of: room, page: .latest, limit: 9, asOf: 5)
    #expect(page.map(\.seq) == [2, 3, 4, 5])
    #expect(try await log.entries(of: room, after: 2, limit: 9, asOf: 5).map(\.seq) == [3, 4, 5])
    #expect(await pair.database.replicaPages[.served] == served + 2)
    _ = try await cast.stores.messages.change(first.id, .edit(text: "new", versions: nil), by: cast.ada.id)
    try await pair.standby.catchUp(with: pair.primary)
    _ = try await log.messages(of: room, page: .latest, limit: 9, asOf: 5)
    #expect(await pair.database.replicaPages[.ahead] == 1)
    await pair.end()
  }

  @Test("what replay has to cancel is read from the primary")
  func conflict() async throws {
    let pair = try await Self.pair(standby: ["max_standby_streaming_delay=0"])
    let cast = try await Cast.gather(in: pair.database.underTest)
    let reader = Reader(cast: cast, room: try await cast.group().id)
    try await reader.turns(3)
    async let reading: Void = reader.looks(300)
    for _ in 0..<30 {
      // Takes rows away that pages on the standby may still look at.
      try await pair.primary.sql("UPDATE conversation SET title = title", in: pair.database.url)
      try await pair.primary.sql("VACUUM conversation", in: pair.database.url)
    }
    try await reading
    let pages = await pair.database.replicaPages
    #expect(pages[.refused] == nil, "\(pages)")
    await pair.end()
  }

  @Test("a session on a replica cannot write, whatever the server has become")
  func neverWrites() async throws {
    // One host: of several a writable one is sought, which sessions that must not write never find.
    let url = try await PrivatePostgres.plain().database()
    let database = try Database(url) { $0 = $0.forReplica(connections: 1, deadline: 4_000) }
    let write = Statement("write", "CREATE TABLE t ()")
    await #expect(throws: PostgresError.self) { try await database.pool.query(write) }
    let mode = try await database.pool.query(Statement("mode", "SHOW transaction_read_only"))
    #expect(try mode.first?.text(0) == "on")
    await database.close()
  }
}

/// Somebody who writes and looks: what he sees is never older than what he wrote or saw before.
private struct Reader {
  let cast: Cast
  let room: ConversationID
  private let log: PastReadingLog

  init(cast: Cast, room: ConversationID) {
    self.cast = cast
    self.room = room
    log = PastReadingLog(cast.stores.log)
  }

  func turns(_ count: Int) async throws {
    for number in 0..<count {
      let sent = try await cast.say("\(number)", by: cast.ada, in: room).message
      let page = try await log.messages(of: room, page: .latest, limit: 3)
      #expect(page.last?.seq == sent.seq)
      if number.isMultiple(of: 4) {
        _ = try await cast.stores.messages.change(sent.id, .edit(text: "now \(number)", versions: nil), by: cast.ada.id)
        let entries = try await log.entries(of: room, after: sent.seq - 1, limit: 9)
        #expect(entries.map(\.seq) == [sent.seq, sent.seq + 1])
        #expect(try await log.messages(of: room, page: .latest, limit: 1).first?.text == "now \(number)")
      }
    }
  }

  func looks(_ count: Int) async throws {
    let head = try await cast.stores.log.heads(of: [room])[room] ?? 0
    for _ in 0..<count {
      #expect(try await log.entries(of: room, after: 0, limit: 1_000).last?.seq == head)
    }
  }
}
