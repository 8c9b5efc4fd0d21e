import ChatCore
import IORuntime
import Postgres
import TestKit
import Testing

@testable import PostgresStore

/// Lanes through all their states at once, by dice.
@Suite("Send lanes by dice", .serialized)
struct SendLanesStatesTests {
  @Test(
    "heavy, held and in trouble at once, each send is answered once and in its order, and nothing is left behind",
    .timeLimit(.minutes(2)), arguments: [(1, false), (2, false), (4, false), (2, true)])
  func byDice(connections: Int, stepwise: Bool) async throws {
    let server = try await PrivatePostgres.plain()
    let url = try await server.database()
    let database = try Database(url, stepwise: stepwise) { $0.connections = connections }
    try await database.migrate()
    let cast = try await Cast.gather(in: database.underTest)
    let rooms = try await cast.groupsApart(24)
    let other = try Database.another(url)
    var holders: [Task<Void, any Error>] = []
    let ledger = Ledger(database)
    var dice = SeededDice(seed: UInt64(connections))
    for turn in 0..<120 {
      var posts: [(room: ConversationID, count: Int)] = []
      for _ in 0..<Int.random(in: 0...6, using: &dice) {
        let isBurst = Int.random(in: 0..<5, using: &dice) == 0
        posts.append((rooms.randomElement(using: &dice) ?? rooms[0], isBurst ? 90 : 1))
      }
      await ledger.post(posts, as: cast)
      if turn % 5 == 0 {
        let some = rooms.shuffled(using: &dice).prefix(Int.random(in: 1...12, using: &dice))
        let time = turn % 40 == 0 ? 2_500 : Int64.random(in: 1...150, using: &dice)
        holders.append(Task { try await other.holding(Array(some)) { await other.loop.sleep(time) } })
      }
      if turn % 30 == 29 { try await server.sql(Self.killing, in: url) }
      await database.loop.sleep(Int64.random(in: 1...25, using: &dice))
    }
    for holder in holders { try await holder.value }
    await other.close()
    let lanes = database.stores.log.lanes
    while await !database.onLoop({ lanes.isAtRest }) { await database.loop.sleep(10) }
    let (asked, answers) = await database.onLoop { (ledger.asked, ledger.answers) }
    #expect(asked > 500)
    #expect(answers.count == asked && answers.values.allSatisfy { $0.count == 1 }, "each is answered once")
    let counted = await database.sendCounters
    #expect(counted.stored + counted.refused + counted.repeated == asked)
    #expect(counted.stored > 0)
    if !stepwise { #expect(counted.lockedOut > 0) }
    for room in rooms {
      let stored = answers.filter { $0.key.room == room }.sorted { $0.key.number < $1.key.number }
        .compactMap { try? $0.value[0].get().message.seq }
      #expect(zip(stored, stored.dropFirst()).allSatisfy { $0 < $1 }, "in their order")
      #expect(Set(stored).count == stored.count)
    }
    await ledger.post([(rooms[0], 1)], as: cast)
    while await !database.onLoop({ lanes.isAtRest }) { await database.loop.sleep(10) }
    #expect(await database.sendCounters.stored == counted.stored + 1, "it goes on")
    await database.close()
    await server.drop(url)
  }

  @Test("a held bucket's waiting sends leave others as many places", .timeLimit(.minutes(1)))
  func places() async throws {
    try await Database.with(on: PrivatePostgres.plain()) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let rooms = try await cast.groupsApart(2)
      let other = try Database.another(database.url)
      let ledger = Ledger(database)
      try await other.holding([rooms[0]]) {
        await ledger.post([(rooms[0], SendLanes.waitingMax + 1), (rooms[1], 1)], as: cast)
        let key = Ledger.Key(room: rooms[1], number: 0)
        while await database.onLoop({ ledger.answers[key] }) == nil { await database.loop.sleep(5) }
        let answer = await database.onLoop { ledger.answers[key] }?.first
        #expect((try? answer?.get().message.seq) == 2)
      }
      await other.close()
    }
  }

  @Test(
    "on the only connection that is left a held bucket is not waited for while others have nobody else",
    .timeLimit(.minutes(1)), arguments: [1, 2])
  func onlyConnection(of connections: Int) async throws {
    let patient: (inout PostgresSettings) -> Void = {
      $0.connections = connections
      $0.lockTimeout = 30_000
    }
    try await Database.with(on: PrivatePostgres.plain(), patient) { database in
      let cast = try await Cast.gather(in: database.underTest)
      while await database.connectionCounters.ready < connections { try await Task.sleep(for: .milliseconds(5)) }
      let rooms = try await cast.groupsApart(2)
      let other = try Database.another(database.url)
      let ledger = Ledger(database)
      @Sendable func post() async {
        for number in 0..<5 {
          await ledger.post([(rooms[0], 1)], as: cast)
          await database.loop.sleep(10)
          await ledger.post([(rooms[1], 1)], as: cast)
          let (held, free) = (Ledger.Key(room: rooms[0], number: 0), Ledger.Key(room: rooms[1], number: number))
          while await database.onLoop({ ledger.answers[free] }) == nil { await database.loop.sleep(5) }
          #expect(await database.onLoop { ledger.answers[held] } == nil, "it still waits")
        }
      }
      try await other.holding([rooms[0]]) {
        if connections == 1 { return await post() }
        try await database.pool.transaction { (change) throws(PostgresError) in
          _ = try await change.query(Statement("one", "SELECT 1"))
          await post()
        }
      }
      while await !database.onLoop({ database.stores.log.lanes.isAtRest }) { await database.loop.sleep(5) }
      #expect(await database.sendCounters.refused == 0)
      await other.close()
    }
  }

  @Test("a pool that is closed refuses thousands of lanes, one after another", arguments: [true, false])
  func closed(stepwise: Bool) async throws {
    let database = try Database("postgresql://martlet@127.0.0.1:1/none", stepwise: stepwise)
    let ledger = Ledger(database)
    let lanes = database.stores.log.lanes
    await withCheckedContinuation { continuation in database.pool.close { continuation.resume() } }
    await database.onLoop {
      for number in 0..<Int64(Bucket.count) {
        // As after a connection was lost: each for itself.
        lanes.troubled.insert(ConversationID(rawValue: number).bucket)
        ledger.post(ConversationID(rawValue: number), by: UserID(rawValue: 1))
      }
    }
    while await !database.onLoop({ lanes.isAtRest }) { await database.loop.sleep(5) }
    #expect(await database.sendCounters.refused == Bucket.count)
    await database.close()
  }

  private static let killing =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%store_messages%' AND state = 'active' "
    + "AND datname = current_database() AND pid <> pg_backend_pid() LIMIT 1"
}

/// What was sent and what came of it; on the loop.
private final class Ledger: @unchecked Sendable {
  struct Key: Hashable {
    let room: ConversationID
    let number: Int
  }

  private let database: Database
  private(set) var asked = 0
  private(set) var answers: [Key: [Result<Appended, ChatError>]] = [:]
  private var numbers: [ConversationID: Int] = [:]

  init(_ database: Database) { self.database = database }

  func post(_ posts: [(room: ConversationID, count: Int)], as cast: Cast) async {
    await database.onLoop { [self] in
      for (room, count) in posts {
        for _ in 0..<count { post(room, by: cast.ada.id) }
      }
    }
  }

  func post(_ room: ConversationID, by user: UserID) {
    let key = Key(room: room, number: numbers[room, default: 0])
    numbers[room] = key.number + 1
    asked += 1
    let message = NewMessage(
      conversation: room, sender: user, type: .text, text: "\(key.number)", clientMessageID: "\(key.number)",
      replyTo: nil)
    database.stores.log.lanes.append(message) { [self] in answers[key, default: []].append($0) }
  }
}

extension Database {
  fileprivate func onLoop<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in loop.execute { continuation.resume(returning: body()) } }
  }

  /// As somebody else's, with time to hold what it locks.
  fileprivate static func another(_ url: String) throws -> Database {
    try Database(url) {
      $0.connections = 8
      $0.queryTimeout = 60_000
      $0.idleInTransactionTimeout = 60_000
    }
  }

  /// Holds those of the buckets that nobody else does while `body` runs.
  fileprivate func holding(_ rooms: [ConversationID], _ body: () async throws -> Void) async throws {
    let lock = Statement("lock", "SELECT head FROM bucket_seq WHERE bucket = ANY($1) FOR UPDATE SKIP LOCKED")
    let outcome = try await pool.transaction { (holder) throws(PostgresError) -> Result<Void, any Error> in
      _ = try await holder.query(lock, [.int2s(rooms.map(\.bucket.number))])
      do { return .success(try await body()) } catch { return .failure(error) }
    }
    try outcome.get()
  }
}
