import ChatCore
import IORuntime
import Postgres
import PostgresStore
import TestKit
import Testing

@Suite("Send lanes", .serialized)
struct SendLanesTests {
  @Test("sends that wait for a bucket go out together, in their order")
  func batched() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      try await withTaskExecutorPreference(database.loop) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<300 { group.addTask { try await cast.say("\(number)", by: cast.ada, in: room) } }
          try await group.waitForAll()
        }
      }
      let counters = await database.sendCounters
      #expect(counters.stored == 300)
      #expect(counters.batches < 30, "\(counters.batches) batches")
      #expect(counters.unanswered == 0)
      let said = try await cast.stores.log.messages(of: room, page: .latest, limit: 1_000)
      #expect(said.map(\.seq) == Array(2...301))
      #expect(Set(said.map(\.text)).count == 300)
    }
  }

  @Test("many buckets share transactions when many are ready, and one bucket's trouble stays its own")
  func severalBuckets() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      var rooms: [ConversationID] = []
      for _ in 0..<60 { rooms.append(try await cast.group().id) }
      let server = try await PrivatePostgres.shared()
      // A row that none may follow: every send into that bucket fails as a whole.
      let broken = try #require(rooms.first)
      try await server.sql(
        "INSERT INTO entry (bucket, conversation, seq, id, kind, author, author_name, created_at, client_given) "
          + "VALUES (\(broken.bucket.number), \(broken.rawValue), 2, 1, 11, 1, 'x', now(), false)", in: database.url)
      func sayInAll() async {
        let outcomes = await withTaskExecutorPreference(database.loop) {
          await withTaskGroup(of: (ConversationID, ChatError?).self) { [rooms] group in
            for room in rooms {
              group.addTask {
                do throws(ChatError) {
                  try await cast.say("x", by: cast.ada, in: room)
                  return (room, nil)
                } catch {
                  return (room, error)
                }
              }
            }
            return await group.reduce(into: [ConversationID: ChatError?]()) { $0[$1.0] = $1.1 }
          }
        }
        for room in rooms where room.bucket != broken.bucket { #expect(outcomes[room] == .some(nil)) }
        #expect(outcomes[broken] != .some(nil))
      }
      await sayInAll()
      let counters = await database.sendCounters
      // On Citus each bucket has a transaction of its own.
      #expect(counters.transactions < counters.batches || server.shards != nil)
      // Those of other buckets that shared its transaction were tried again: once, and not the next time.
      await sayInAll()
      let later = await database.sendCounters
      #expect(later.retried == counters.retried)
      #expect(later.refused == 2)
    } reporting: {
      $0.contains("23505")
    }
  }

  @Test("a full lane refuses at once, and what was refused is stored once when it is sent again")
  func bounded() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      func refused(of numbers: [Int]) async -> [Int] {
        await withTaskExecutorPreference(database.loop) {
          await withTaskGroup(of: Int?.self) { group in
            for number in numbers {
              group.addTask {
                let id = "m\(number)"
                return (try? await cast.say("x", by: cast.ada, in: room, clientMessageID: id)) == nil ? number : nil
              }
            }
            return await group.reduce(into: []) { if let number = $1 { $0.append(number) } }
          }
        }
      }
      var left = await refused(of: Array(0..<8_500))
      #expect(left.count >= 8_500 - 8_192, "some were refused")
      // On a slow machine some that were taken ran out of time too, whether they were stored or not.
      for _ in 0..<50 where !left.isEmpty { left = await refused(of: left) }
      #expect(left == [])
      #expect(try await cast.stores.log.heads(of: [room])[room] == 8_501)
    }
  }

  @Test("a text with NUL is refused, and the others of its batch are stored")
  func textWithNUL() async throws {
    try await Database.with { database in
      let cast = try await Cast.gather(in: database.underTest)
      let room = try await cast.group().id
      let stored = await withTaskExecutorPreference(database.loop) {
        await withTaskGroup(of: Bool.self) { group in
          for text in ["a", "b\0", "c"] {
            group.addTask { (try? await cast.say(text, by: cast.ada, in: room)) != nil }
          }
          return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
      }
      #expect(stored == 2)
    }
  }
}
