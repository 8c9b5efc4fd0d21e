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
      var rooms: [ConversationID] = []
      while rooms.count < 40 {
        let room = try await cast.group().id
        if !rooms.contains(where: { $0.bucket == room.bucket }) { rooms.append(room) }
      }
      let other = try Database(database.url)
      let lock = Statement("lock", "SELECT head FROM bucket_seq WHERE bucket = ANY($1) FOR UPDATE")
      let waits = try await withThrowingTaskGroup(of: Int64.self) { group in
        try await other.pool.transaction { (holder) throws(PostgresError) in
          _ = try await holder.query(lock, [.int2s(rooms.map(\.bucket.number))])
          for round in 0..<30 {
            for room in rooms {
              group.addTask {
                let asked = EventLoop.monotonicMilliseconds()
                _ = try? await cast.say("\(round)", by: cast.ada, in: room)
                return EventLoop.monotonicMilliseconds() - asked
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

  private static func edits(_ id: EntryID, to text: String, _ cast: Cast) async -> Bool {
    (try? await cast.stores.messages.change(id, .edit(text: text, versions: nil), by: cast.ada.id)) != nil
  }
}
