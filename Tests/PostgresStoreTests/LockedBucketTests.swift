import ChatCore
import IORuntime
import Postgres
import PostgresStore
import TestKit
import Testing

/// reliability.md F17: a bucket that is held locked delays its own writes only.
@Suite("A locked bucket", .serialized)
struct LockedBucketTests {
  @Test("a crowd that changes what it holds leaves connections to others, whose changes go before theirs")
  func crowd() async throws {
    try await Database.with({
      $0.queryTimeout = 30_000
      $0.statementTimeout = 30_000
      $0.lockTimeout = 30_000
    }) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let (locked, free) = (try await cast.group().id, try await cast.direct().id)
      try #require(locked.bucket != free.bucket)
      let held = try await cast.say("held", by: cast.ada, in: locked).message.id
      let mine = try await cast.say("free", by: cast.ada, in: free).message.id
      let other = try Database(database.url)
      let lock = Statement("lock", "SELECT head FROM bucket_seq WHERE bucket = $1 FOR UPDATE")
      let changed = try await withThrowingTaskGroup(of: Bool.self) { group in
        try await other.pool.transaction { (holder) throws(PostgresError) in
          _ = try await holder.query(lock, [.int2(locked.bucket.number)])
          for number in 0..<20 {
            group.addTask { await Self.edits(held, to: "\(number)", cast) }
          }
          while await database.connectionCounters.waiting < 19 { await database.loop.sleep(5) }
          for number in 0..<20 {
            #expect(await Self.edits(mine, to: "\(number)", cast))
            #expect((try? await cast.say("\(number)", by: cast.ada, in: free)) != nil)
          }
          #expect(await database.connectionCounters.waiting == 19, "one of them waits on the server")
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(changed == 20)
      await other.close()
    }
  }

  @Test("however many buckets are held locked, what goes on being sent to them is answered in five seconds")
  func answeredInTime() async throws {
    try await Database.with(on: PrivatePostgres.plain()) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let rooms = try await cast.groupsApart(40)
      let other = try Database(database.url)
      let lock = Statement("lock", "SELECT head FROM bucket_seq WHERE bucket = ANY($1) FOR UPDATE")
      let standstill = try Standstill()
      let waits = try await withThrowingTaskGroup(of: Int64.self) { group in
        try await other.pool.transaction { (holder) throws(PostgresError) in
          _ = try await holder.query(lock, [.int2s(rooms.map(\.bucket.number))])
          for round in 0..<30 {
            for room in rooms {
              group.addTask {
                let asked = Stopwatch.now
                _ = try? await cast.say("\(round)", by: cast.ada, in: room)
                return standstill.took(from: asked)
              }
            }
            await database.loop.sleep(200)
            _ = try await holder.query(Statement("stay", "SELECT 1"))
          }
        }
        return try await group.reduce(into: [Int64]()) { $0.append($1) }
      }
      #expect(waits.max() ?? 0 < 5_000)
      await other.close()
    }
  }

  @Test("a bucket that was held for a moment does not wait for those that are held for long", .timeLimit(.minutes(1)))
  func heldForAMoment() async throws {
    try await Database.with(on: PrivatePostgres.plain(), Self.patient) { database in
      let cast = try await Cast.gather(in: database.underTest)
      var stuck = try await cast.groupsApart(14)
      let (moment, free) = (stuck.removeLast(), stuck.removeLast())
      try await Self.whileLocked(stuck, in: database) {
        database.loop.execute { [stuck] in
          for room in stuck { Self.post(room, cast) }
        }
        while await database.sendCounters.lockedOut < stuck.count { await database.loop.sleep(5) }
        try await Self.whileLocked([moment], in: database) {
          database.loop.execute { for room in [moment, free] { Self.post(room, cast) } }
          // They travelled together.
          while await database.sendCounters.stored < 1 { await database.loop.sleep(5) }
        }
        while await database.sendCounters.unanswered > stuck.count { await database.loop.sleep(5) }
        #expect(await database.sendCounters.stored == 2)
      }
      #expect(try await cast.stores.log.heads(of: [moment])[moment] == 2)
    }
  }

  @Test(
    "sixty buckets that are held at once leave what is sent and changed elsewhere its time", .timeLimit(.minutes(1)),
    arguments: [true, false])
  func sixty(sends: Bool) async throws {
    try await Database.with(on: PrivatePostgres.plain()) { database in
      let cast = try await Cast.gather(in: database.underTest)
      var stuck = try await cast.groupsApart(63)
      let free = Array(stuck.suffix(3))
      stuck.removeLast(3)
      var (held, mine): ([EntryID], [EntryID]) = ([], [])
      for room in stuck { held.append(try await cast.say("held", by: cast.ada, in: room).message.id) }
      for room in free { mine.append(try await cast.say("free", by: cast.ada, in: room).message.id) }
      let standstill = try Standstill()
      let slowest = try await Self.whileLocked(stuck, in: database) {
        await withTaskGroup(of: Void.self) { [stuck, held, mine] group in
          // One after another, so that none is found locked by one that travels with others.
          for (room, message) in zip(stuck, held) {
            if sends {
              database.loop.execute { Self.post(room, cast) }
            } else {
              group.addTask { _ = await Self.edits(message, to: "late", cast) }
            }
            await database.loop.sleep(7)
          }
          let asked = Stopwatch.now
          var slowest: Int64 = 0
          while Stopwatch.now < asked + 3_000_000 {
            let begun = Stopwatch.now
            for (room, message) in zip(free, mine) {
              #expect(await Self.edits(message, to: "\(begun)", cast))
              #expect((try? await cast.say("x", by: cast.ada, in: room)) != nil)
              slowest = max(slowest, standstill.took(from: begun))
            }
          }
          await group.waitForAll()
          return slowest
        }
      }
      #expect(slowest < 1_000, "the slowest of them, in milliseconds")
    }
  }

  @Test(
    "changes of what was held for a moment do not wait three seconds behind sixty that are held for long",
    .timeLimit(.minutes(1)))
  func changedAfterAMoment() async throws {
    try await Database.with(on: PrivatePostgres.plain(), Self.patient) { database in
      let cast = try await Cast.gather(in: database.underTest)
      let rooms = try await cast.groupsApart(66)
      var held: [EntryID] = []
      for room in rooms { held.append(try await cast.say("held", by: cast.ada, in: room).message.id) }
      // Spread among the others, so that one of them has just had its turn.
      let moment = stride(from: 0, to: 66, by: 11).map { $0 }
      let stuck = rooms.indices.filter { !moment.contains($0) }
      let standstill = try Standstill()
      let slowest = try await withThrowingTaskGroup(of: Void.self) { group in
        let slowest = try await Self.whileLocked(stuck.map { rooms[$0] }, in: database) {
          try await withThrowingTaskGroup(of: Moment.self) { changes in
            let begun = try await Self.whileLocked(moment.map { rooms[$0] }, in: database) {
              for place in rooms.indices {
                let id = held[place]
                if moment.contains(place) {
                  changes.addTask {
                    #expect(await Self.edits(id, to: "late", cast))
                    return Stopwatch.now
                  }
                } else {
                  group.addTask { #expect(await Self.edits(id, to: "late", cast)) }
                }
              }
              // Until all are known to be held.
              await database.loop.sleep(2_000)
              return Stopwatch.now
            }
            return try await changes.reduce(Int64(0)) { max($0, standstill.took(from: begun, to: $1)) }
          }
        }
        try await group.waitForAll()
        return slowest
      }
      #expect(slowest < 2_500, "the slowest of them, in milliseconds")
    }
  }

  private static func patient(_ settings: inout PostgresSettings) {
    settings.queryTimeout = 30_000
    settings.statementTimeout = 30_000
    settings.lockTimeout = 30_000
  }

  /// Runs `body` while somebody else has their buckets locked.
  private static func whileLocked<Value>(
    _ rooms: [ConversationID], in database: Database, _ body: () async throws -> Value
  ) async throws -> Value {
    let other = try Database(database.url) {
      patient(&$0)
      $0.idleInTransactionTimeout = 60_000
    }
    let lock = Statement("lock", "SELECT head FROM bucket_seq WHERE bucket = ANY($1) FOR UPDATE")
    let outcome = try await other.pool.transaction { (holder) throws(PostgresError) -> Result<Value, any Error> in
      _ = try await holder.query(lock, [.int2s(rooms.map(\.bucket.number))])
      do { return .success(try await body()) } catch { return .failure(error) }
    }
    await other.close()
    return try outcome.get()
  }

  private static func post(_ room: ConversationID, _ cast: Cast) {
    cast.stores.log.prompt?.append(
      NewMessage(conversation: room, sender: cast.ada.id, type: .text, text: "x", clientMessageID: nil, replyTo: nil)
    ) { _ in }
  }

  private static func edits(_ id: EntryID, to text: String, _ cast: Cast) async -> Bool {
    (try? await cast.stores.messages.change(id, .edit(text: text, versions: nil), by: cast.ada.id)) != nil
  }
}
